-- The tables of a hub at revision 0001, as sqlite takes them. Never changed.

CREATE TABLE IF NOT EXISTS audit_checkpoints (
  size BIGINT NOT NULL,
  at VARCHAR(20) NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (size)
);

CREATE TABLE IF NOT EXISTS audit_head (
  id INTEGER NOT NULL,
  seq BIGINT NOT NULL,
  hash VARCHAR(64) NOT NULL,
  turn BIGINT NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS blobs (
  sha256 VARCHAR(64) NOT NULL,
  size BIGINT NOT NULL,
  stored_at VARCHAR(20) NOT NULL,
  PRIMARY KEY (sha256)
);

CREATE TABLE IF NOT EXISTS events (
  seq BIGINT NOT NULL,
  name VARCHAR(193) NOT NULL,
  body TEXT NOT NULL,
  hash VARCHAR(64) NOT NULL,
  writer VARCHAR(16) NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (writer, number)
);

CREATE INDEX IF NOT EXISTS events_by_name ON events (name, seq);

CREATE TABLE IF NOT EXISTS gates (
  name VARCHAR(193) NOT NULL,
  rules TEXT NOT NULL,
  "by" VARCHAR(96) NOT NULL,
  at VARCHAR(20) NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS notices (
  id INTEGER NOT NULL,
  kind VARCHAR(8) NOT NULL,
  name VARCHAR(193) NOT NULL,
  topic VARCHAR(64) NOT NULL,
  text TEXT NOT NULL,
  "by" VARCHAR(96) NOT NULL,
  at VARCHAR(20) NOT NULL,
  lifted_at VARCHAR(20),
  lifted_by VARCHAR(96),
  PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS ix_notices_name ON notices (name);

CREATE TABLE IF NOT EXISTS organisations (
  name VARCHAR(96) NOT NULL,
  created_at VARCHAR(20) NOT NULL,
  full_name VARCHAR(200) DEFAULT '' NOT NULL,
  private BOOLEAN DEFAULT 0 NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS possession (
  namespace VARCHAR(96) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  size BIGINT NOT NULL,
  shown_at VARCHAR(20) NOT NULL,
  PRIMARY KEY (namespace, sha256)
);

CREATE TABLE IF NOT EXISTS releases (
  id INTEGER NOT NULL,
  name VARCHAR(193) NOT NULL,
  commit_id VARCHAR(40) NOT NULL,
  tier VARCHAR(20) NOT NULL,
  as_of VARCHAR(10) NOT NULL,
  valid_until VARCHAR(10) NOT NULL,
  decision VARCHAR(64) NOT NULL,
  envelope VARCHAR(64) NOT NULL,
  log_proof VARCHAR(64),
  model_signature VARCHAR(64),
  published_at VARCHAR(20) NOT NULL,
  published_by VARCHAR(96) NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS ix_releases_name ON releases (name);

CREATE TABLE IF NOT EXISTS repos (
  id INTEGER NOT NULL,
  kind VARCHAR(7) NOT NULL,
  namespace VARCHAR(96) NOT NULL,
  name VARCHAR(193) NOT NULL,
  private BOOLEAN NOT NULL,
  gated VARCHAR(6) NOT NULL,
  created_at VARCHAR(20) NOT NULL,
  updated_at VARCHAR(20) NOT NULL,
  PRIMARY KEY (id)
);

CREATE UNIQUE INDEX IF NOT EXISTS repos_by_name ON repos (kind, lower(name));

CREATE INDEX IF NOT EXISTS repos_by_namespace ON repos (kind, namespace);

CREATE TABLE IF NOT EXISTS settings (
  name VARCHAR(40) NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS stage_plans (
  name VARCHAR(193) NOT NULL,
  "plan" TEXT NOT NULL,
  "by" VARCHAR(96) NOT NULL,
  at VARCHAR(20) NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS stage_steps (
  name VARCHAR(193) NOT NULL,
  number INTEGER NOT NULL,
  envelope TEXT NOT NULL,
  taken_at VARCHAR(20) NOT NULL,
  PRIMARY KEY (name, number)
);

CREATE TABLE IF NOT EXISTS users (
  name VARCHAR(96) NOT NULL,
  publisher BOOLEAN NOT NULL,
  created_at VARCHAR(20) NOT NULL,
  full_name VARCHAR(200) DEFAULT '' NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS xet_files (
  namespace VARCHAR(96) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  name VARCHAR(64) NOT NULL,
  PRIMARY KEY (namespace, sha256)
);

CREATE INDEX IF NOT EXISTS xet_files_by_name ON xet_files (namespace, name);

CREATE TABLE IF NOT EXISTS commits (
  repo_id INTEGER NOT NULL,
  oid VARCHAR(40) NOT NULL,
  parent VARCHAR(40),
  tree VARCHAR(40) NOT NULL,
  title TEXT NOT NULL,
  message TEXT NOT NULL,
  author VARCHAR(96) NOT NULL,
  at VARCHAR(20) NOT NULL,
  PRIMARY KEY (repo_id, oid),
  FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS logins (
  device VARCHAR(64) NOT NULL,
  user_code VARCHAR(9) NOT NULL,
  client VARCHAR(96) NOT NULL,
  asked_at VARCHAR(20) NOT NULL,
  expires_at VARCHAR(20) NOT NULL,
  state VARCHAR(8) NOT NULL,
  user VARCHAR(96),
  role VARCHAR(5) DEFAULT 'write' NOT NULL,
  PRIMARY KEY (device),
  UNIQUE (user_code),
  FOREIGN KEY(user) REFERENCES users (name)
);

CREATE TABLE IF NOT EXISTS members (
  organisation VARCHAR(96) NOT NULL,
  user VARCHAR(96) NOT NULL,
  role VARCHAR(5) NOT NULL,
  PRIMARY KEY (organisation, user),
  FOREIGN KEY(organisation) REFERENCES organisations (name),
  FOREIGN KEY(user) REFERENCES users (name)
);

CREATE TABLE IF NOT EXISTS refresh_tokens (
  sha256 VARCHAR(64) NOT NULL,
  family VARCHAR(32) NOT NULL,
  user VARCHAR(96) NOT NULL,
  role VARCHAR(5) NOT NULL,
  access VARCHAR(64) NOT NULL,
  expires_at VARCHAR(20) NOT NULL,
  used_at VARCHAR(20),
  PRIMARY KEY (sha256),
  FOREIGN KEY(user) REFERENCES users (name)
);

CREATE INDEX IF NOT EXISTS ix_refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE IF NOT EXISTS refs (
  repo_id INTEGER NOT NULL,
  kind VARCHAR(6) NOT NULL,
  name VARCHAR(255) NOT NULL,
  commit_id VARCHAR(40) NOT NULL,
  message TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (repo_id, kind, name),
  FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS release_files (
  release_id INTEGER NOT NULL,
  path VARCHAR(1100) NOT NULL,
  size BIGINT NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  git_sha1 VARCHAR(40) NOT NULL,
  large BOOLEAN NOT NULL,
  tier VARCHAR(20) NOT NULL,
  PRIMARY KEY (release_id, path),
  FOREIGN KEY(release_id) REFERENCES releases (id),
  FOREIGN KEY(sha256) REFERENCES blobs (sha256)
);

CREATE TABLE IF NOT EXISTS renames (
  kind VARCHAR(7) NOT NULL,
  old_name VARCHAR(193) NOT NULL,
  repo_id INTEGER NOT NULL,
  PRIMARY KEY (kind, old_name),
  FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS repositories (
  name VARCHAR(193) NOT NULL,
  release_id INTEGER NOT NULL,
  PRIMARY KEY (name),
  FOREIGN KEY(release_id) REFERENCES releases (id)
);

CREATE TABLE IF NOT EXISTS requests (
  id VARCHAR(32) NOT NULL,
  name VARCHAR(193) NOT NULL,
  user VARCHAR(96) NOT NULL,
  status VARCHAR(10) NOT NULL,
  purpose TEXT NOT NULL,
  asked_at VARCHAR(20) NOT NULL,
  answered_at VARCHAR(20),
  answered_by VARCHAR(96) NOT NULL,
  reason TEXT NOT NULL,
  expires VARCHAR(10),
  asked BOOLEAN DEFAULT 1 NOT NULL,
  terms TEXT DEFAULT '[]' NOT NULL,
  fields TEXT DEFAULT '{}' NOT NULL,
  reason_class VARCHAR(16) DEFAULT '' NOT NULL,
  until VARCHAR(20),
  cohort VARCHAR(40) DEFAULT '' NOT NULL,
  panel TEXT DEFAULT '' NOT NULL,
  appeal TEXT DEFAULT '' NOT NULL,
  by_panel BOOLEAN DEFAULT 0 NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name, user),
  FOREIGN KEY(user) REFERENCES users (name)
);

CREATE TABLE IF NOT EXISTS tokens (
  sha256 VARCHAR(64) NOT NULL,
  user VARCHAR(96) NOT NULL,
  created_at VARCHAR(20) NOT NULL,
  revoked_at VARCHAR(20),
  role VARCHAR(5) DEFAULT 'write' NOT NULL,
  label VARCHAR(96) DEFAULT '' NOT NULL,
  expires_at VARCHAR(20),
  PRIMARY KEY (sha256),
  FOREIGN KEY(user) REFERENCES users (name)
);

CREATE TABLE IF NOT EXISTS trees (
  repo_id INTEGER NOT NULL,
  tree VARCHAR(40) NOT NULL,
  name VARCHAR(1100) NOT NULL,
  oid VARCHAR(40) NOT NULL,
  size BIGINT NOT NULL,
  sha256 VARCHAR(64),
  large BOOLEAN NOT NULL,
  PRIMARY KEY (repo_id, tree, name),
  FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS visas (
  id INTEGER NOT NULL,
  user VARCHAR(96) NOT NULL,
  holder VARCHAR(500) NOT NULL,
  issuer VARCHAR(500) NOT NULL,
  subject VARCHAR(500) NOT NULL,
  type VARCHAR(60) NOT NULL,
  value VARCHAR(500) NOT NULL,
  source VARCHAR(500) NOT NULL,
  "by" VARCHAR(10) NOT NULL,
  asserted VARCHAR(20) NOT NULL,
  until VARCHAR(20) NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(user) REFERENCES users (name)
);

CREATE INDEX IF NOT EXISTS ix_visas_user ON visas (user);

CREATE TABLE IF NOT EXISTS votes (
  request_id VARCHAR(32) NOT NULL,
  user VARCHAR(96) NOT NULL,
  accept BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  at VARCHAR(20) NOT NULL,
  PRIMARY KEY (request_id, user),
  FOREIGN KEY(request_id) REFERENCES requests (id)
);
