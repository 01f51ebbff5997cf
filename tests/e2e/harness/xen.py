# SPDX-License-Identifier: BSD-3-Clause
"""One test in dom0 of a Xen that runs in QEMU, with the emulated 82576; a PV domU's image lies within."""

import shutil

from . import cache, image
from .runner import Run, find_programs
from .vm import APPEND, Vm, accelerator, devices

XEN_DIR = cache.E2E_DIR / "xen"
MODULES = ("xen-gntdev", "xen-gntalloc", "xen-evtchn", "xen-privcmd", "xenfs", "xen-pciback", "xen-pcifront")
# With 4096 the firmware puts the bridge's window so high that the VFs' BARs stay without an address.
MEMORY = 2040
DOM0_MEMORY = 1000
# With xsave, programs crash at random in QEMU as soon as two domains take turns on its CPU.
XEN_APPEND = "iommu=verbose xsave=0 noreboot"


class XenVm(Vm):
    def command(self, header, accel, kernel, initrd):
        """Xen as a multiboot kernel; dom0's kernel and initramfs are its modules."""
        xen = cache.entry("xen") / "xen.elf"
        dom0 = " ".join([APPEND.replace("ttyS0", "hvc0"), *header.append]).replace(",", ",,")
        return [*cache.qemu_command(), *accelerator(accel, False),
                "-M", "q35,kernel-irqchip=split", "-smp", "1", "-m", str(MEMORY),
                "-nodefaults", "-display", "none", "-no-reboot",
                "-chardev", f"file,id=con,path={self.console}", "-serial", "chardev:con",
                "-kernel", str(xen), "-initrd", f"{cache.kernel_image(kernel)} {dom0},{initrd}",
                "-append", f"console=com1 com1=115200,8n1 {XEN_APPEND} dom0_mem={DOM0_MEMORY}M",
                *devices("igb"), *self._port_options(), *header.qemu]


def tools():
    """What of Xen's own programs comes into dom0, where the file is and how it is called there."""
    xen = cache.entry("xen")
    files = {"opt/xen/ld.so": xen / "ld.so", "opt/xen/lib": xen / "lib", "opt/xen/bin": xen / "bin"}
    # xl starts its own by this path.
    places = {"libxl-save-helper": f"usr/lib/xen-{(xen / 'series').read_text().strip()}/bin"}
    called = {f"{places.get(path.name, 'usr/sbin')}/{path.name}": path.name for path in (xen / "bin").iterdir()}
    return files, called


class XenRun(Run):
    KERNELS = ("stock612", "stock")

    def __init__(self, test, kernel, options):
        super().__init__(test, kernel, options)
        self.name = f"xen.{test.stem}.{kernel}"
        self.header.modules.extend(MODULES)
        self.vm = XenVm(self.folder)

    def _wrappers(self, called):
        """Scripts that run Xen's programs with their own loader and libraries."""
        folder = self.folder / "wrappers"
        folder.mkdir(exist_ok=True)
        for place, name in called.items():
            script = folder / name
            script.write_text("#!/bin/sh\nexec /opt/xen/ld.so --library-path /opt/xen/lib "
                              f'/opt/xen/bin/{name} "$@"\n')
            script.chmod(0o755)
            yield place, script

    def _join(self, name, *parts):
        path = self.folder / name
        with open(path, "wb") as whole:
            for part in parts:
                with open(part, "rb") as stream:
                    shutil.copyfileobj(stream, whole)
        return path

    def _domu(self, base, programs, files):
        """The domU's kernel and initramfs, as they lie in dom0; its init reads commands from xenstore."""
        layer = self.folder / "domu-layer"
        image.layer(layer, XEN_DIR / "domu" / "agent.sh", programs, {"E2E_KERNEL": self.kernel},
                    {"e2e/domu.sh": XEN_DIR / "domu" / "lib.sh", **files},
                    init=XEN_DIR / "domu" / "init")
        return self._join("domu-initrd", base, layer)

    def _initrd(self, kernel):
        programs = find_programs(self.header.programs, self.options)
        environment = {"E2E_TEST": self.test.stem, "E2E_KERNEL": self.kernel, **self.options.env}
        files, called = tools()
        files.update(self._wrappers(called))
        base = image.base(kernel, self.header, self.folder)
        dom0_files = {"e2e/xen.sh": XEN_DIR / "lib.sh", **files}
        if self.header.domu:
            dom0_files["domu/vmlinuz"] = kernel / "vmlinuz"
            dom0_files["domu/initrd"] = self._domu(base, programs, files)
        layer = self.folder / "layer"
        image.layer(layer, self.test, programs, environment, dom0_files)
        return self._join("initrd", base, layer)

    def _start(self):
        kernel = cache.kernel(self.kernel)
        self.vm.start(self.vm.command(self.header, self.options.accel, kernel, self._initrd(kernel)))
