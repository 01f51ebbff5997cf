# SPDX-License-Identifier: BSD-3-Clause
"""sriovctl migrate against two made-up QEMU monitors, and a made-up xl: every way that a move can end."""

import json
import os
import signal
import subprocess
import tempfile
import textwrap
import threading
import time
import unittest
from pathlib import Path

from base import SRIOVCTL, Case, run
from fake_qmp import CLOSE, DIE, SILENT, FakeQmp, error, event

MAC = "02:00:00:00:01:00"
URI = "unix:/nowhere/move"
BDF = "0000:01:10.2"


def status_event(word):
    return event("MIGRATION", status=word)


class Machine(FakeQmp):
    """A QEMU with a machine in it. vfs: id -> failover pair; standbys: id -> properties."""

    def __init__(self, status="running", vfs=None, standbys=None, devices=None, memory=256 << 20, cpus=1,
                 queues=1, machine="pc-q35", answers=None):
        self.status, self.vfs = status, {"vf0": "sb0"} if vfs is None else vfs
        self.standbys = {"sb0": {"failover": True, "mac": MAC}} if standbys is None else standbys
        self.devices = {"rp1": "pcie-root-port"} if devices is None else devices
        self.queues, self.used, self.migration = queues, True, {}
        super().__init__({
            "query-status": lambda _: {"return": {"status": self.status, "running": self.status == "running"}},
            "query-memory-size-summary": {"return": {"base-memory": memory}},
            "query-cpus-fast": {"return": [{}] * cpus},
            "query-migrate": lambda _: {"return": self.migration},
            "qom-list": self._list, "qom-get": lambda arguments: self._get(machine, **arguments),
            "query-pci": lambda _: {"return": [{"bus": 0, "devices": [{"qdev_id": "rp1", "pci_bridge": {
                "devices": [self._pci(name) for name in self.vfs]}}]}]},
            "human-monitor-command": lambda _: {"return": "".join(
                f" \\ n{i}: sb0: index={i},type=nic\r\n" for i in range(self.queues))},
            "migrate-set-capabilities": {"return": {}}, "migrate-set-parameters": {"return": {}},
            **(answers or {})})

    def _pci(self, name):
        return {"qdev_id": name, "regions": [{"address": 0xfe000000 if self.used else -1}]}

    def _list(self, arguments):
        if arguments["path"] != "/machine/peripheral":
            return {"return": []}
        kinds = {**self.devices, **{name: "virtio-net-pci" for name in self.standbys},
                 **{name: "vfio-pci" for name in self.vfs}}
        return {"return": [{"name": "type", "type": "string"}] + [
            {"name": name, "type": f"child<{kind}>"} for name, kind in kinds.items()]}

    def _get(self, machine, path, property):  # pylint: disable=redefined-builtin
        name = path.rsplit("/", 1)[1]
        if path == "/machine":
            return {"return": machine}
        if property == "failover_pair_id":
            return {"return": self.vfs[name]}
        return {"return": self.standbys[name][property]}


class Pair:
    """A source and a destination that behave: the move goes as it does with QEMU 11.1."""

    def __init__(self, source=None, destination=None, **answers):
        self.destination = Machine(**{"status": "inmigrate", "vfs": {}, "answers": {
            "migrate-incoming": {"return": {}}, **answers.pop("there", {})}, **(destination or {})})
        self.source = Machine(**{"answers": {
            "migrate": self.begin, "migrate-continue": self.go_on, "migrate_cancel": self.cancel, **answers},
            **(source or {})})

    def begin(self, _):
        return [{"return": {}}, status_event("setup"), event("UNPLUG_PRIMARY", **{"device-id": "vf0"}),
                status_event("wait-unplug"), status_event("active"), event("STOP"), status_event("pre-switchover")]

    def go_on(self, _):
        self.source.status = "postmigrate"
        self.source.migration = {"status": "completed", "downtime": 7, "total-time": 900, "setup-time": 250,
                                 "ram": {"total": 1000, "transferred": 600}}
        self.destination.status = "running"
        self.destination.vfs = {"vf9": "sb0"}
        return [{"return": {}}, status_event("device"), status_event("completed")]

    def cancel(self, _):
        self.source.migration = {"status": "cancelled"}
        return [{"return": {}}, status_event("cancelling"), status_event("cancelled")]

    def __enter__(self):
        self.source.__enter__()
        self.destination.__enter__()
        return self

    def __exit__(self, *problem):
        self.source.__exit__(*problem)
        self.destination.__exit__(*problem)

    def words(self, *words):
        return ["--json", "migrate", "--qmp", self.source.path, "--to-qmp", self.destination.path, "--uri", URI, *words]


def asks(*words):
    """What a source does that has asked its guest, and no more."""
    return lambda _: [{"return": {}}, event("UNPLUG_PRIMARY", **{"device-id": "vf0"}), status_event("wait-unplug"),
                      *words]


class QemuCase(Case):
    def ends(self, pair, *words, status=0, state=None, says=()):
        with pair:
            done = run(*pair.words(*words))
        return self.judged(pair, done, status, state, says)

    def judged(self, pair, done, status, state, says):
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        report = json.loads(done.stdout)
        if status == 2:
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertNotIn("migrate", pair.source.commands(), "it was begun")
        if state is not None:
            self.assertEqual(report["state"], state)
        for word in says if isinstance(says, tuple) else (says,):
            self.assertIn(word, report["error"] + " " + report.get("next", ""))
        return report


class Words(Case):
    def test_wrong(self):
        for words, says in (((), "--to-qmp"), (("--qmp", "/a"), "--to-qmp"), (("--qmp", "/a", "--to-qmp", "/b"), "--uri"),
                            (("--qmp", "/a", "--to-qmp", "/a", "--uri", URI), "same monitor"),
                            (("--qmp", "/a", "--to-qmp", "/b", "--uri", URI, "--save", "/x"), "--xen"),
                            (("--qmp", "/a", "--to-qmp", "/b", "--uri", URI, "--vf-mac", "x"), "--vf-mac"),
                            (("--qmp", "/a", "--to-qmp", "/b", "--uri", URI, "--plug", "{}"), "--plug"),
                            (("--qmp", "/a", "--to-qmp", "/b", "--uri", URI, "--timeout", "0"), "--timeout"),
                            (("--qmp", "/no/such", "--to-qmp", "/b", "--uri", URI), "no such socket"),
                            (("--xen", "web"), "--device"), (("--xen", "", "--device", BDF), "--xen"),
                            (("--xen", "web", "--device", "eth0", "--save", "/x"), "--device"),
                            (("--xen", "web", "--device", BDF), "--save"),
                            (("--xen", "-v", "--device", BDF, "--save", "/x"), "--xen"),
                            (("--xen", "web", "--device", BDF, "--to", "-oProxyCommand=x"), "--to"),
                            (("--xen", "web", "--device", BDF, "--save", "/x", "--to", "h"), "one way"),
                            (("--xen", "web", "--device", BDF, "--save", "/x", "--restore", "/y"), "two files"),
                            (("--xen", "web", "--device", BDF, "--save", "/x", "--qmp", "/a"), "two engines")):
            self.refused("migrate", *words, says=says)


class Checks(QemuCase):
    """Nothing is begun; the line names the thing and the remedy."""

    def refuses(self, says, *words, source=None, destination=None, **answers):
        return self.ends(Pair(source, destination, **answers), *words, status=2, says=says)

    def test_vf_without_a_failover_pair(self):
        self.refuses(("VF vf7", "no failover pair", "dead after the move", "release it first"),
                     source={"vfs": {"vf0": "sb0", "vf7": ""}})
        self.refuses(("VF vf0", "no failover pair"), source={"vfs": {"vf0": ""}, "standbys": {}})

    def test_no_vf(self):
        self.refuses("no VF is attached", source={"vfs": {}})
        self.refuses("no VF vf5", "--vf-id", "vf5")

    def test_standby(self):
        self.refuses("the standby sb0 of VF vf0 is missing", source={"standbys": {}})
        self.refuses("has no failover=on", source={"standbys": {"sb0": {"failover": False, "mac": MAC}}})
        self.refuses((MAC, "they must be one"), "--vf-mac", "02:00:00:00:01:77")

    def test_source_state(self):
        self.refuses("only a running guest", source={"status": "paused"})
        self.refuses("moved away already", source={"status": "postmigrate"})
        self.refuses("cannot move this machine: because?of?this", **{
            "query-migrate": {"return": {"blocked-reasons": ["because\nof\x1bthis"]}}})

    def test_destination(self):
        for says, destination in (
                ("does not wait", {"status": "running"}),
                ("its type", {"machine": "pc-i440fx"}),
                ("its memory", {"memory": 1 << 20}),
                ("its number of CPUs", {"cpus": 2}),
                ("rp1", {"devices": {}}),
                ("rp1", {"devices": {"rp1": "pci-bridge"}}),
                ("rp2 is missing here", {"devices": {"rp1": "pcie-root-port", "rp2": "pcie-root-port"}}),
                ("sb0", {"standbys": {}}),
                ("failover of the standby", {"standbys": {"sb0": {"failover": False, "mac": MAC}}}),
                ("the standby's MAC", {"standbys": {"sb0": {"failover": True, "mac": "02:00:00:00:01:01"}}}),
                ("plugged in already", {"vfs": {"vf0": ""}})):
            with self.subTest(says):
                self.refuses(("destination", says), destination=destination)

    def test_fewer_queues(self):
        self.refuses(("number of queues", "4 here and 2 there"), source={"queues": 4}, destination={"queues": 2})

    def test_refusals_of_qemu(self):
        refusal = error("no way")
        for command in ("migrate-set-capabilities", "query-cpus-fast", "qom-list"):
            self.refuses("no way", **{command: refusal})
        self.refuses(("no way", "nothing was moved"), there={"migrate-incoming": refusal})
        with Pair(migrate=refusal) as pair:
            done = run(*pair.words())
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing was moved", done.stderr)

    def test_odd_answers(self):
        for value in (7, None, [], [7, {}], [{"name": 7, "type": "child<vfio-pci>"}], {"a": 1}):
            self.refuses("", **{"qom-list": {"return": value}})
        self.refuses("more than 8", source={"vfs": {f"vf{i}": "sb0" for i in range(9)}})


class Moves(QemuCase):
    def test_well(self):
        pair = Pair()
        report = self.ends(pair, "--bandwidth", "1000000", "--downtime-limit", "20ms",
                           state="at the destination, with its VF")
        steps = [step["step"] for step in report["steps"]]
        order = ["the guest is asked for its VF", "the guest has let its VF go", "the source has stopped",
                 "verified: no VF is in the machine", "migration: completed", "the destination's VF is plugged in",
                 "the guest has its VF"]
        self.assertEqual([step for step in steps if step in order], order)
        times = [step["since_begin_ns"] for step in report["steps"]]
        self.assertEqual(len(times), len(steps))
        self.assertEqual((report["downtime_ns"], report["total_ns"], report["sent_bytes"]), (7000000, 900000000, 600))
        self.assertEqual((report["vfs"], report["vf_at_destination"], report["mac"]), (["vf0"], "vf9", MAC))
        self.assertEqual(pair.source.arguments("migrate-set-parameters"),
                         [{"downtime-limit": 20, "max-bandwidth": 1000000}])
        self.assertEqual(pair.destination.arguments("migrate-incoming"), [{"uri": URI}])
        asked = [item["capability"] for item in pair.source.arguments("migrate-set-capabilities")[0]["capabilities"]]
        self.assertIn("pause-before-switchover", asked)

    def test_destination_listens_already(self):
        self.ends(Pair(there={"migrate-incoming": error("The incoming migration has already been started")}))

    def test_times_are_qemus(self):
        """An event's own stamp counts, not when it was read; one that is none, or is to come, means now."""
        pair = Pair()
        wall = time.time() - 0.5
        stamped = {**event("STOP"), "timestamp": {"seconds": int(wall), "microseconds": int(wall % 1 * 1e6)}}
        future = {**event("RESUME"), "timestamp": {"seconds": 1 << 40, "microseconds": -1}}
        pair.source.answers["migrate"] = lambda _: [stamped, future] + pair.begin(None)
        report = self.ends(pair)
        stop = next(step for step in report["steps"] if step["step"] == "the source has stopped")
        self.assertEqual(stop["since_begin_ns"], 0)

    def test_plug(self):
        pair = Pair()

        def add(_):
            pair.destination.vfs = {"new": "sb0"}
            return {"return": {}}

        def go_on(_):
            answer = Pair.go_on(pair, None)
            pair.destination.vfs = {}
            return answer
        pair.source.answers["migrate-continue"] = go_on
        pair.destination.answers["device_add"] = add
        report = self.ends(pair, "--plug", '{"driver": "vfio-pci", "host": "0000:03:10.0"}')
        self.assertEqual(report["vf_at_destination"], "new")
        self.assertEqual(pair.destination.arguments("device_add")[0]["failover_pair_id"], "sb0")

    def test_text(self):
        with Pair() as pair:
            done = run(*pair.words()[1:])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, "state +at the destination, with its VF")


class Fails(QemuCase):
    def test_guest_refuses(self):
        """It lets its VF not go: cancelled, and as before."""
        pair = Pair(migrate=asks())
        self.ends(pair, "--timeout", "300ms", status=1, state="on the source, with its VF",
                  says=("does not let its VF go", "migrate again"))
        self.assertIn("migrate_cancel", pair.source.commands())

    def test_vf_is_still_there(self):
        """QEMU moves on without having asked, or waited: stopped before the last step."""
        for answer in ([{"return": {}}, status_event("active")],
                       [{"return": {}}, event("STOP"), status_event("pre-switchover")],
                       [{"return": {}}, status_event("wait-unplug"), status_event("active")],
                       [{"return": {}}, event("UNPLUG_PRIMARY", **{"device-id": "other"}),
                        status_event("wait-unplug"), status_event("active"), status_event("pre-switchover")]):
            pair = Pair(migrate=lambda _, answer=answer: answer)
            self.ends(pair, status=1, state="on the source, with its VF", says="still in the machine")
            self.assertNotIn("migrate-continue", pair.source.commands())

    def test_vf_is_plugged_in_meanwhile(self):
        pair = Pair()

        def begin(_):
            pair.source.vfs = {"vf0": "sb0", "vf1": ""}
            return pair.begin(None)
        pair.source.answers["migrate"] = begin
        self.ends(pair, status=1, says="plugged in during the move")
        self.assertNotIn("migrate-continue", pair.source.commands())

    def test_abort_after(self):
        self.ends(Pair(migrate=asks(status_event("active"))), "--abort-after", "300ms", status=1,
                  state="on the source, with its VF", says="--abort-after")

    def test_move_timeout(self):
        self.ends(Pair(migrate=asks(status_event("active"))), "--move-timeout", "300ms", status=1,
                  state="on the source, with its VF", says="--move-timeout")

    def interrupted(self, pair, *words):
        with pair:
            process = subprocess.Popen([SRIOVCTL, *pair.words(*words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
            deadline = time.monotonic() + 30
            while "migrate" not in pair.source.commands() and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def test_interrupt(self):
        """The monitor is opened anew, since an answer may be on its way; the machine stays."""
        pair = Pair(migrate=asks(status_event("active")))
        self.judged(pair, self.interrupted(pair), 1, "on the source, with its VF", "interrupted")
        self.assertIn("migrate_cancel", pair.source.commands())

    def test_interrupt_too_late(self):
        """It was over before: then it has moved, and that is the result."""
        pair = Pair(migrate=asks(status_event("active")))
        pair.source.answers["migrate_cancel"] = lambda _: [error("none")] + Pair.go_on(pair, None)[1:]
        self.judged(pair, self.interrupted(pair), 0, "at the destination, with its VF", ())

    def test_peer_dies(self):
        """QEMU says failed, lets the guest go on and plugs its VF in again."""
        pair = Pair()

        def begin(_):
            pair.source.migration = {"status": "failed", "error-desc": "Unable to write to socket:\nBroken pipe"}
            return [*pair.begin(None)[:5], status_event("failed")]
        pair.source.answers["migrate"] = begin
        self.ends(pair, status=1, state="on the source, with its VF", says=("failed", "socket:?Broken pipe", "defer"))

    def test_vf_does_not_come_back(self):
        pair = Pair(migrate=asks(status_event("active")))
        original = pair.cancel

        def cancel(_):
            pair.source.used = False
            return original(None)
        pair.source.answers["migrate_cancel"] = cancel
        self.ends(pair, "--abort-after", "200ms", "--timeout", "400ms", status=1,
                  state="on the source, on its standby", says=("did not come back", "standby"))

    def test_source_dies(self):
        for answer in (DIE, [{"return": {}}, DIE], [{"return": {}}, status_event("active"), DIE]):
            self.ends(Pair(migrate=lambda _, answer=answer: answer), status=1, state="lost",
                      says=("closed the connection", "boot the machine again"))

    def test_only_the_talk_breaks_off(self):
        """The machine is not lost, and not two: the move is cancelled."""
        for answer in ([{"return": {}}, CLOSE], [{"return": {}}, status_event("active"), CLOSE],
                       [{"return": {}}, {"return": {}}], [{"return": {}}, b"nonsense\n"]):
            pair = Pair(migrate=lambda _, answer=answer: answer)
            self.ends(pair, status=1, state="on the source, with its VF", says="migrate again")
            self.assertIn("migrate_cancel", pair.source.commands())

    def test_source_dies_when_all_is_over(self):
        pair = Pair()

        def go_on(_):
            pair.destination.status = "running"
            return DIE
        pair.source.answers["migrate-continue"] = go_on
        self.ends(pair, status=1, state="at the destination, on its standby", says="come over before")

    def test_destination_dies_at_the_end(self):
        pair = Pair()

        def go_on(_):
            answer = Pair.go_on(pair, None)
            pair.destination.answers["query-status"] = CLOSE
            return answer
        pair.source.answers["migrate-continue"] = go_on
        self.ends(pair, status=1, state="unknown", says=("cont", "never both"))

    def test_destination_does_not_run(self):
        pair = Pair()

        def go_on(_):
            answer = Pair.go_on(pair, None)
            pair.destination.status = "paused"
            return answer
        pair.source.answers["migrate-continue"] = go_on
        self.ends(pair, "--timeout", "300ms", status=1, state="unknown", says="it is paused")

    def arrives(self, change):
        pair = Pair()

        def go_on(_):
            answer = Pair.go_on(pair, None)
            change(pair.destination)
            return answer
        pair.source.answers["migrate-continue"] = go_on
        return pair

    def test_no_vf_at_the_destination(self):
        self.ends(self.arrives(lambda there: there.vfs.clear()), "--timeout", "300ms", status=1,
                  state="at the destination, on its standby", says=("no VF was plugged in", "device_add"))

    def test_guest_does_not_take_it(self):
        self.ends(self.arrives(lambda there: setattr(there, "used", False)), "--timeout", "300ms", status=1,
                  state="at the destination, on its standby", says=("not taken", "guest's log"))

    def test_plug_is_refused(self):
        pair = Pair(there={"device_add": error("no such device")})
        self.ends(pair, "--plug", '{"driver": "vfio-pci"}', status=1, state="at the destination, on its standby",
                  says="no such device")

    def test_qemu_never_ends_the_cancelled_one(self):
        """Nobody knows then; it is said so."""
        pair = Pair(migrate=asks(), migrate_cancel=CLOSE)
        self.ends(pair, "--timeout", "200ms", status=1, state="unknown",
                  says=("closed the connection", "query-migrate of the source"))

    def test_silence(self):
        pair = Pair(migrate=SILENT)
        with pair:
            threading.Timer(1, lambda: os.kill(os.getpid(), 0)).start()
            done = run(*pair.words(), timeout=60)
        self.judged(pair, done, 1, "on the source, with its VF", "does not answer in time")


XL = """\
#!/bin/sh
# Plays xl: state in files of the folder $XL_HOME, the answer of each verb in VERB.fails
verb=$1
echo "$*" >>"$XL_HOME/log"
if [ -e "$XL_HOME/$verb.fails" ]; then
    echo "a first line" >&2; cat "$XL_HOME/$verb.fails" >&2; exit 1
fi
[ -e "$XL_HOME/$verb.hangs" ] && exec sleep 60
case $verb in
pci-list) echo "Vdev Device"; [ ! -e "$XL_HOME/vf" ] || echo "05.0 $(cat "$XL_HOME/vf")" ;;
pci-assignable-list) cat "$XL_HOME/assignable" ;;
domid) cat "$XL_HOME/id" ;;
pci-detach) [ -e "$XL_HOME/sticky" ] || rm "$XL_HOME/vf" ;;
pci-attach) [ -e "$XL_HOME/empty" ] || echo "$3" >"$XL_HOME/vf" ;;
save | migrate) [ ! -e "$XL_HOME/vf" ] ;;
esac
"""


STORE = """\
#!/bin/sh
# Plays xenstore-read, -list and -write: a node is a file of $XL_HOME/store, its slashes as commas. A program that is
# asked (state-1 becomes 5) lets go, unless it is deaf.
echo "$(basename "$0") $*" >>"$XL_HOME/log"
node=$XL_HOME/store/$(echo "$1" | tr / ,)
case $0 in
*-write) echo "$2" >"$node" && [ -e "$XL_HOME/deaf" ] || : >"$XL_HOME/store/$HOLDS" ;;
*) cat "$node" ;;
esac
"""
BACK = "/local/domain/0/backend/pci/7/0"
HOLDS = "/local/domain/7/data/sriov/0000-00-01-0/frames"


class Xen(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.xl = self.home / "xl"
        self.xl.write_text(XL)
        ssh = self.home / "ssh"
        ssh.write_text(textwrap.dedent("""\
            #!/bin/sh
            echo "ssh $*" >>"$XL_HOME/log"
            shift 2
            exec "$@"
            """))
        for program in (self.xl, ssh):
            program.chmod(0o755)
        for name in ("read", "list", "write"):
            (self.home / f"xenstore-{name}").write_text(STORE)
            (self.home / f"xenstore-{name}").chmod(0o755)
        (self.home / "store").mkdir()
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ.update(PATH=f"{self.home}:{path}", HOLDS=HOLDS.replace("/", ","))
        self.put("id", "7")
        self.put("vf", BDF)
        self.put("assignable", BDF + "\n0000:01:10.4\n")
        os.environ["XL_HOME"] = str(self.home)

    def put(self, name, text=""):
        (self.home / name).write_text(text + "\n")

    def log(self):
        return (self.home / "log").read_text().splitlines()

    def xl_log(self):
        return [line for line in self.log() if not line.startswith("xenstore-")]

    def node(self, path, text):
        (self.home / "store" / path.replace("/", ",")).write_text(text)

    def program(self):
        """One of ours drives the VF in the domain."""
        self.node(f"{BACK}/dev-0", "0000:01:10.4\n")
        self.node(f"{BACK}/dev-1", BDF + "\n")
        self.node(f"{BACK}/vdev-1", "0000:00:01.00\n")
        self.node(f"{BACK}/state-1", "3\n")
        self.node(HOLDS, "63800\n63c00\n")

    def writes(self):
        return [line for line in self.log() if line.startswith("xenstore-write")]

    def ends(self, *words, status=0, state=None, says=()):
        (self.home / "log").write_text("")
        done = run("--json", "migrate", "--xen", "web", "--device", BDF, "--xl", self.xl, "--ssh", self.home / "ssh", *words)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        report = json.loads(done.stdout)
        if state:
            self.assertEqual(report["state"], state)
        for word in says if isinstance(says, tuple) else (says,):
            self.assertIn(word, report["error"] + " " + report.get("next", ""))
        return report

    SAVE = ("--save", "/image")
    BOTH = ("--save", "/image", "--restore", "/image")

    def test_save_and_restore(self):
        report = self.ends(*self.BOTH, state="at the destination, with its VF")
        self.assertEqual(self.xl_log(), ["pci-list web", "domid web", f"pci-detach web {BDF}", "pci-list web",
                                      "save web /image", "restore /image", f"pci-attach web {BDF}", "pci-list web"])
        self.assertEqual([step["step"] for step in report["steps"]],
                         ["the domain has let its VF go", "saved", "restored", "the domain has its VF"])

    def test_asked_first(self):
        """A program of ours has left the VF before xl resets it; when it is deaf, or the VF stays, all goes on."""
        steps = ["the guest is asked for its VF", "the guest's traffic has left its VF", "the domain has let its VF go"]
        self.program()
        report = self.ends(*self.SAVE, state="saved")
        self.assertEqual([step["step"] for step in report["steps"]], [*steps, "saved"])
        self.assertEqual(self.writes(), [f"xenstore-write {BACK}/state-1 5"])
        self.assertLess(self.log().index(f"xenstore-write {BACK}/state-1 5"), self.log().index(f"pci-detach web {BDF}"))
        self.put("deaf")
        self.put("vf", BDF)
        self.program()
        report = self.ends(*self.SAVE, "--timeout", "100ms", state="saved")
        self.assertEqual([step["step"] for step in report["steps"]], [steps[0], steps[2], "saved"])
        self.put("sticky")
        self.put("vf", BDF)
        self.program()
        self.ends(*self.SAVE, "--timeout", "100ms", status=1, says="not moved")
        self.assertEqual(self.writes(), [f"xenstore-write {BACK}/state-1 5", f"xenstore-write {BACK}/state-1 3"])

    def test_nobody_to_ask(self):
        """The kernel's own driver, which notes nothing, or another VF's program."""
        self.program()
        self.node(HOLDS, "")
        self.ends(*self.SAVE, state="saved")
        self.put("vf", BDF)
        self.program()
        self.node(f"{BACK}/dev-1", "0000:01:10.6\n")
        self.ends(*self.SAVE, state="saved")
        self.assertEqual(self.writes(), [])

    def test_memory(self):
        self.ends(*self.BOTH, "--mem-max", "320", state="at the destination, with its VF")
        self.assertLess(self.log().index("restore /image"), self.log().index("mem-max web 320"))
        self.assertLess(self.log().index("mem-max web 320"), self.log().index(f"pci-attach web {BDF}"))
        self.put("vf", BDF)
        self.put("mem-max.fails", "no such domain")
        self.ends(*self.BOTH, "--mem-max", "320", status=1, state="at the destination, on its standby",
                  says=("no such domain", "xl mem-max"))

    def test_save_then_restore(self):
        self.ends(*self.SAVE, state="saved")
        self.assertNotIn("pci-attach", " ".join(self.log()))
        self.ends("--restore", "/image", "--to-device", "01:10.4", state="at the destination, with its VF")
        self.assertEqual(self.log()[0], "pci-assignable-list")
        self.assertIn("pci-attach web 0000:01:10.4", self.log())

    def test_migrate(self):
        self.ends("--to", "there", state="at the destination, with its VF")
        self.assertIn("migrate web there", self.log())
        self.assertIn(f"ssh there -- {self.xl} pci-attach web {BDF}", self.log())

    def test_before_anything(self):
        self.put("assignable")
        self.ends("--to", "there", status=2, says=("not to be given", "there", "pci-assignable-add"))
        self.ends("--restore", "/image", status=2, says="pci-assignable-add")
        self.put("assignable", BDF)
        (self.home / "vf").unlink()
        self.ends(*self.SAVE, status=2, says=("does not have", "xl pci-list web"))
        self.assertEqual(self.log(), ["pci-list web"])
        self.put("pci-list.fails", "no such domain")
        self.ends(*self.SAVE, status=2, says="no such domain")
        done = run("migrate", "--xen", "web", "--device", BDF, "--xl", "/no/xl", *self.SAVE)
        self.assertEqual((done.returncode, done.stderr.count("--xl")), (2, 1), done.stderr)

    def test_detach_fails(self):
        """With the VF attached nothing is saved."""
        self.put("pci-detach.fails", "busy\x1b")
        self.ends(*self.BOTH, status=1, says=("busy?", "is not moved", "crash"))
        (self.home / "pci-detach.fails").unlink()
        self.put("sticky")
        self.ends(*self.BOTH, status=1, says=("still has", "not moved"))
        self.assertNotIn("save web /image", self.log())

    def test_move_fails(self):
        """The domain goes on where it was, and gets its VF again."""
        for words, verb in ((self.BOTH, "save"), (("--to", "there"), "migrate")):
            self.put(f"{verb}.fails", "disk full")
            self.put("vf", BDF)
            self.ends(*words, status=1, state="on the source, with its VF", says=("disk full", "xl list"))
            self.assertIn(f"pci-attach web {BDF}", self.log())
            self.put("pci-attach.fails", "no")
            self.ends(*words, status=1, state="on the source, on its standby", says="xl pci-attach")
            for name in (f"{verb}.fails", "pci-attach.fails"):
                (self.home / name).unlink()

    def test_restore_fails(self):
        self.put("restore.fails", "no memory")
        self.ends(*self.BOTH, status=1, state="saved", says=("no memory", "its file is whole"))

    def test_vf_never_comes(self):
        self.put("pci-attach.fails", "EOPNOTSUPP")
        self.ends(*self.BOTH, status=1, state="at the destination, on its standby", says=("EOPNOTSUPP", "passthrough"))
        (self.home / "pci-attach.fails").unlink()
        self.put("vf", BDF)
        self.put("empty")
        self.ends(*self.BOTH, status=1, state="at the destination, on its standby", says="not in the domain")

    def test_hangs(self):
        self.put("save.hangs")
        self.ends(*self.BOTH, "--move-timeout", "500ms", status=1, state="on the source, with its VF",
                  says="does not end in time")


if __name__ == "__main__":
    unittest.main()
