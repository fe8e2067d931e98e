"""A log in a bucket, on a real S3 server; and what both kinds of places promise."""

import threading

import pytest

from openweir.errors import RegisterError
from openweir.register import DirectoryStorage, Log, audit, mirror
from openweir.register.merkle import verify_consistency

boto3 = pytest.importorskip("boto3", reason="the extra `s3` is not installed")
server_module = pytest.importorskip("moto.server", reason="`moto` is not installed")

ORIGIN = "example.com/log"
pytestmark = [
    # Of the server, which runs in a thread of this process.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def server():
    """Return the address of a running S3 server, whose conditional writes are atomic as S3's are."""
    from moto.s3.responses import S3Response

    turn, put = threading.Lock(), S3Response.put_object

    def put_in_turn(self):
        # The server compares and then writes, in a thread for each request: two could win.
        with turn:
            return put(self)

    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "put_object", put_in_turn)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def environment(server, monkeypatch):
    """Set the environment as a user would; return a client."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return boto3.client("s3")


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path):
    """Return an empty place of each kind."""
    if request.param == "folder":
        return DirectoryStorage(tmp_path / "log")
    return bucket_of(request.getfixturevalue("environment"), tmp_path.name)


def bucket_of(client, name):
    """Return a place in a new bucket."""
    from openweir.register.bucket import BucketStorage

    name = name.replace("_", "-").lower()[:50].strip("-")
    client.create_bucket(Bucket=name)
    return BucketStorage(client, name, "releases/log")


def checked(log):
    """Audit a log with all its files."""
    key = log.verifier
    return audit(log.fetch, [(key.name, key)], listing=log.storage.listing())


class TestEveryPlace:
    """What a folder promises a bucket promises as well."""

    def test_a_log_grows_and_proves(self, storage, tmp_path):
        """Entries, proofs and the audit hold over batches that cross tiles."""
        log = Log.create(storage, origin=ORIGIN, keys=tmp_path / "keys")
        heads = []
        for batch in (3, 250, 4, 300):
            size = log.checkpoint().size
            log.append([b"%d" % number for number in range(size, size + batch)])
            heads.append(log.checkpoint())
            assert checked(log).damage == ()
        key = log.verifier
        assert log.prove(300).verify(b"300", [(key.name, key)]) == heads[-1]
        for old in heads:
            proof = log.prove_growth(old.size)
            verify_consistency(old.size, heads[-1].size, old.root, heads[-1].root, proof)
        assert (log.find(b"299"), log.find(b"nothing")) == (299, None)
        assert log.append([b"7", b"new"], once=True) == (7, 557)

    def test_a_log_is_started_once(self, storage, tmp_path):
        """The second start is refused, and leaves no key behind."""
        Log.create(storage, origin=ORIGIN, keys=tmp_path / "keys")
        with pytest.raises(RegisterError, match="there is a log already") as caught:
            Log.create(storage, origin="example.com/other", keys=tmp_path / "keys")
        assert caught.value.code == "register.exists"
        assert len(list((tmp_path / "keys").iterdir())) == 1

    def test_one_of_two_writers_is_refused(self, storage, tmp_path):
        """Whoever comes second appends nothing, and is told so; the log stays sound."""
        log = Log.create(storage, origin=ORIGIN, keys=tmp_path / "keys")

        def second():
            with log.writing() as writer:
                first.append([b"b"])
                writer.append([b"c"])

        with log.writing() as first:
            first.append([b"a"])
            # A bucket refuses at the commit, a folder at the door.
            with pytest.raises(RegisterError, match="another process is appending") as caught:
                second()
        assert caught.value.code == "register.locked"
        assert checked(log).damage == ()
        assert b"c" not in [log.entry(index) for index in range(log.checkpoint().size)]

    def test_files_beside_the_log(self, storage):
        """What is kept beside it is read back; what is missing is named."""
        assert not storage.holds("statements/x")
        storage.keep("statements/x", b"1")
        storage.keep("statements/x", b"2")
        assert storage.holds("statements/x")
        assert storage.read("statements/x") == b"2"
        with pytest.raises(RegisterError, match="is missing") as caught:
            storage.read("statements/y")
        assert caught.value.code == "register.missing"

    def test_only_published_paths_are_fetched(self, storage, tmp_path):
        """`fetch` gives tiles and the checkpoint, and nothing that lies beside them."""
        Log.create(storage, origin=ORIGIN, keys=tmp_path / "keys")
        for path in ("log.pub", ".head", "../x", "tile/../log.pub"):
            with pytest.raises(RegisterError, match="is not the path of a tile"):
                storage.fetch(path)


class TestBucket:
    """What is special about a bucket."""

    def test_submitters_that_race_lose_nothing(self, environment, tmp_path):
        """Eight writers at a time: each append happened once or was refused."""
        log = Log.create(bucket_of(environment, tmp_path.name), origin=ORIGIN, keys=tmp_path / "k")
        done, refused = [], []

        def append(number):
            for turn in range(3):
                entry = b"%d/%d" % (number, turn)
                try:
                    log.append([entry])
                except RegisterError as error:
                    refused.append(error.code)
                else:
                    done.append(entry)

        threads = [threading.Thread(target=append, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        size = log.checkpoint().size
        held = [log.entry(index) for index in range(size)]
        assert sorted(held) == sorted(done)
        assert len(done) + len(refused) == 24
        assert set(refused) <= {"register.locked"}
        assert checked(log).damage == ()

    def test_the_next_writer_finishes_what_a_crash_left(self, environment, tmp_path, monkeypatch):
        """A writer that dies after its commit and before its tiles loses nothing."""
        storage = bucket_of(environment, tmp_path.name)
        log = Log.create(storage, origin=ORIGIN, keys=tmp_path / "keys")
        log.append([b"a"])

        def dies(files):
            raise KeyboardInterrupt

        monkeypatch.setattr(storage, "put_all", dies)
        with pytest.raises(KeyboardInterrupt):
            log.append([b"b"])
        monkeypatch.undo()
        again = Log.open(bucket_again(environment, storage), keys=tmp_path / "keys")
        assert again.checkpoint().size == 1, "readers see the old tree until it is finished"
        assert again.append([b"c"]) == (2,)
        assert [again.entry(index) for index in range(3)] == [b"a", b"b", b"c"]
        assert checked(again).damage == ()

    def test_a_copied_log_goes_on_in_the_bucket(self, environment, tmp_path):
        """Files that were uploaded as they lay in a folder are a log there."""
        log = Log.create(tmp_path / "log", origin=ORIGIN)
        log.append([b"a"])
        storage = bucket_of(environment, tmp_path.name)
        for name in ("log.pub", "checkpoint", *log.storage.listing()):
            storage.put(name, (log.root / name).read_bytes())
        there = Log.open(storage, keys=tmp_path / ".log-keys")
        assert there.append([b"b"]) == (1,)
        assert checked(there).damage == ()

    def test_it_is_mirrored_to_a_folder(self, environment, tmp_path):
        """A bucket is a place to mirror from like any other."""
        log = Log.create(bucket_of(environment, tmp_path.name), origin=ORIGIN, keys=tmp_path / "k")
        log.append([b"%d" % number for number in range(300)])
        key = log.verifier
        done = mirror(log.fetch, DirectoryStorage(tmp_path / "copy"), [(key.name, key)])
        assert done.checkpoint.size == 300

    def test_commands_take_its_address(self, environment, tmp_path, monkeypatch, capsys):
        """`s3://BUCKET/PREFIX` stands wherever a folder may."""
        from openweir.cli.main import main

        monkeypatch.setenv("OPENWEIR_HOME", str(tmp_path / "home"))
        bucket_of(environment, "commands")
        place = "s3://commands/my/log"
        (tmp_path / "entries").write_text("one\ntwo\n")
        words = ["--register", place]
        assert main(["register", "init", "--origin", ORIGIN, *words]) == 0
        assert main(["register", "append", "--entries", str(tmp_path / "entries"), *words]) == 0
        assert main(["register", "verify", place]) == 0
        assert main(["register", "fsck", place]) == 0
        assert main(["register", "mirror", place, str(tmp_path / "copy")]) == 0
        assert main(["register", "monitor", place, str(tmp_path / "copy")]) == 0
        assert main(["register", "verify", "s3://commands/none"]) == 2
        assert main(["register", "verify", "s3://no-such-bucket/x"]) == 2
        assert "there is no log at `s3://commands/none`" in capsys.readouterr().err


def bucket_again(client, storage):
    """Return the same place for another process."""
    from openweir.register.bucket import BucketStorage

    return BucketStorage(client, storage._bucket, storage._prefix)
