# SPDX-License-Identifier: BSD-3-Clause
"""One boot of a guest whose network device is a served VF."""

import json
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from . import Failure, cache, header as headers, image
from .control import Control
from .runner import find_programs
from .tap import Tap
from .verdict import console_alarm, judge
from .vm import APPEND, Vm, accelerator, lines_to

SERVED_LIB = cache.E2E_DIR / "served" / "lib.sh"
MODULES = ("igbvf", "ixgbevf")
MEMORY = 256


@dataclass
class Spec:
    """What a scenario wants of a guest."""
    name: str
    vf: int
    script: Path
    env: dict = field(default_factory=dict)
    qemu: list = field(default_factory=list)    # options, before the VF's device
    device: dict = field(default_factory=dict)  # further properties of the VF's device
    files: dict = field(default_factory=dict)   # place in the image -> file or folder of the host
    memory: int = MEMORY


class ServedVm(Vm):
    def command(self, spec, header, accel, kernel, initrd, vf_socket):
        """Its memory is shared: the server moves frames to and from it by itself."""
        device = {"driver": "vfio-user-pci", "id": "vf", "bus": "rp1",
                  "socket": {"type": "unix", "path": str(vf_socket)}, **spec.device}
        return [*cache.qemu_command("qemu-vfu"), *accelerator(accel, False),
                "-object", f"memory-backend-memfd,id=m0,size={spec.memory}M,share=on",
                "-machine", "q35,memory-backend=m0", "-m", str(spec.memory), "-smp", str(header.cpus),
                "-nodefaults", "-display", "none", "-no-reboot",
                "-chardev", f"file,id=con,path={self.console}", "-serial", "chardev:con",
                "-kernel", str(cache.kernel_image(kernel)), "-initrd", str(initrd),
                "-append", " ".join([APPEND, *header.append]), *header.qemu, *spec.qemu,
                *self._port_options(),
                "-device", "pcie-root-port,id=rp1,slot=1", "-device", json.dumps(device)]


class Guest:
    """From start() on it runs by itself; done() tells its end, check() its verdict."""

    def __init__(self, stage, spec, folder):
        self.stage, self.spec, self.name = stage, spec, spec.name
        self.header = headers.parse(spec.script)
        self.folder, self.vm, self.tap = folder, ServedVm(folder), Tap()
        self.killed = False
        self._control = self._server = self._reader = None

    def _emit(self, line):
        self.tap.line(line)
        self.stage.say(f"[{self.name}] {line}")

    def _initrd(self, kernel):
        programs = find_programs(self.header.programs, self.stage.options)
        environment = {"E2E_TEST": self.spec.script.stem, "E2E_KERNEL": self.stage.kernel,
                       "MODEL": self.stage.model, "GUEST": self.name, "VF": str(self.spec.vf),
                       **self.stage.options.env, **self.spec.env}
        self.header.modules.extend(MODULES)
        layer, path = self.folder / "layer", self.folder / "initrd"
        image.layer(layer, self.spec.script, programs, environment,
                    {"e2e/served.sh": SERVED_LIB, **self.spec.files})
        with open(path, "wb") as whole:
            for part in (image.base(kernel, self.header, self.folder), layer):
                with open(part, "rb") as stream:
                    shutil.copyfileobj(stream, whole)
        return path

    def start(self):
        kernel = cache.kernel(self.stage.kernel)
        self._control = Control(self.vm, self.stage.hooks_for(self), self.folder / "files")
        self.vm.start(self.vm.command(self.spec, self.header, self.stage.options.accel, kernel,
                                      self._initrd(kernel), self.stage.server.socket(self.spec.vf)))
        self._reader = lines_to(self.vm.connection("tap"), self._emit)
        self._server = threading.Thread(target=self._control.serve, daemon=True,
                                        args=(self.vm.connection("ctl"),))
        self._server.start()

    def kill(self):
        """SIGKILL to its QEMU. It has no verdict from now on."""
        self.killed = True
        self.vm.kill()

    def done(self):
        """It has reported its end, or never will."""
        return not self._server.is_alive() or not self.vm.alive() or bool(console_alarm(self.vm.console))

    def end(self):
        """Waits for what it says last, and ends QEMU."""
        self._server.join(5)
        ended = "stopped" if self.vm.alive() else self.vm.exit_text()
        self.vm.stop()
        self._reader.join(5)
        return ended

    def check(self):
        """Raises what is wrong with it."""
        try:
            judge(console_alarm(self.vm.console), self.tap, self._control.exit_status, self.end())
        except Failure as failure:
            raise Failure(f"guest {self.name}: {failure}") from None

    def close(self):
        self.vm.stop()
        self.vm.close()
