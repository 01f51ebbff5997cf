#!/usr/bin/env -S python3 -SE
# SPDX-License-Identifier: BSD-3-Clause
"""Stands for xl, over a made-up sysfs: domains, what they have, what is assignable; fails on command.

FAKE_XL names a folder: state.json (domains; reads and writes), calls (a line each), plan.json: {"at": the
number of the call that fails, "half": it does its work before that, "says": what it prints, "hangs": it does
not end}."""

import json
import os
import pathlib
import sys
import time

HOME = pathlib.Path(os.environ["FAKE_XL"])
PCI = HOME / "sys/bus/pci"


def load():
    return json.loads((HOME / "state.json").read_text())


def save(state):
    (HOME / "state.json").write_text(json.dumps(state))


def die(text):
    print(f"libxl: error: libxl_pci.c:1:fake: {text}", file=sys.stderr)
    sys.exit(1)


def domain(state, word):
    for entry in state["domains"]:
        if word in (entry["name"], str(entry["id"])):
            return entry
    print(f"{word} is an invalid domain identifier (rc=-6)", file=sys.stderr)
    return sys.exit(1)


def driver_of(bdf):
    link = PCI / "devices" / bdf / "driver"
    return link.readlink().name if link.is_symlink() else ""


def bind(bdf, driver):
    link = PCI / "devices" / bdf / "driver"
    if link.is_symlink():
        link.unlink()
    slots = PCI / "drivers/pciback/slots"
    others = [line for line in slots.read_text().split() if line != bdf]
    if driver:
        link.symlink_to(PCI / "drivers" / driver)
    if driver == "pciback":
        others.append(bdf)
    slots.write_text("".join(f"{line}\n" for line in others))


def device(bdf):
    head, func = bdf.split(".")
    seg, bus, dev = (int(part, 16) for part in head.split(":"))
    full = {"domain": seg, "bus": bus, "dev": dev, "func": int(func), "rdm_policy": "strict"}
    return {key: value for key, value in full.items() if value != 0}


def list_all(state):
    print(state.get("noise", ""), file=sys.stderr, end="", flush=True)
    entries = [{"domid": 0, "config": {"c_info": {"type": "pv", "name": "Domain-0"}, "b_info": {}}}]
    for entry in state["domains"]:
        info = {"type": entry.get("type", "pv"), "name": entry["name"]}
        if "passthrough" in entry:
            info["passthrough"] = entry["passthrough"]
        config = {"c_info": info, "b_info": {}}
        if entry["has"]:
            config["pcidevs"] = [device(bdf) for bdf in entry["has"]]
        entries.append({"domid": entry["id"], "config": config})
    print(json.dumps(entries, indent=4))


def attach(state, word, bdf):
    entry = domain(state, word)
    if driver_of(bdf) != "pciback" or any(bdf in other["has"] for other in state["domains"]):
        die(f"Domain {entry['id']}:PCI device {bdf} is not assignable")
    entry["has"].append(bdf)


def detach(state, *words):
    entry = domain(state, words[-2])
    if words[-1] not in entry["has"]:
        die("unable to remove device")
    if entry.get("deaf") and words[0] != "-f":
        die(f"Domain {entry['id']}:xenstore entry removal timed out")
    entry["has"].remove(words[-1])


def assignable_add(state, bdf):
    state.setdefault("before", {})[bdf] = driver_of(bdf)
    bind(bdf, "pciback")


def assignable_remove(state, *words):
    if any(words[-1] in entry["has"] for entry in state["domains"]):
        die("in use")
    bind(words[-1], state.get("before", {}).pop(words[-1], "") if words[0] == "-r" else "")


def info(state):
    print("host                   : dom0\n"
          f"virt_caps              : {state.get('virt_caps', 'pv hvm hvm_directio pv_directio hap')}\n"
          f"free_memory            : {state.get('free_memory', 500)}\n"
          "xen_version            : 4.17.5")


def pci_list(state, word):
    has = [bdf for entry in state["domains"] if str(entry["id"]) == word for bdf in entry["has"]]
    print("Vdev Device" if has else "", end="\n" if has else "")
    for bdf in has:
        print(f"00.0 {bdf}")


def main():
    command, *words = sys.argv[1:]
    with open(HOME / "calls", "a", encoding="utf-8") as calls:
        calls.write(" ".join(sys.argv[1:]) + "\n")
    number = len((HOME / "calls").read_text().splitlines())
    plan = json.loads((HOME / "plan.json").read_text()) if (HOME / "plan.json").exists() else {}
    hit = number >= plan.get("at", sys.maxsize) and (plan.get("always") or number == plan["at"])
    if hit and not plan.get("half"):
        fail(plan)
    state = load()
    {"list": lambda *_: list_all(state), "info": lambda: info(state), "pci-list": lambda w: pci_list(state, w),
     "pci-attach": lambda w, b: attach(state, w, b), "pci-detach": lambda *w: detach(state, *w),
     "pci-assignable-add": lambda b: assignable_add(state, b),
     "pci-assignable-remove": lambda *w: assignable_remove(state, *w)}[command](*words)
    save(state)
    if hit:
        fail(plan)


def fail(plan):
    if plan.get("hangs"):
        time.sleep(600)
    print(plan.get("says", "libxl: error: libxl_device.c:1:fake: unable to do it"), file=sys.stderr)
    sys.exit(1)


main()
