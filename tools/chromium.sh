#!/bin/sh
# Page tests need a real browser; install Debian's where that is possible, else let them skip.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "== installing chromium for the page tests (once)"
  { apt-get update && apt-get install -y --no-install-recommends chromium; } >/dev/null 2>&1 \
    || echo "chromium could not be installed; page tests will be skipped"
fi
exit 0
