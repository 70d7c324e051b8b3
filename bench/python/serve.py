"""A contender's side of the conversation: one JSON request a line on standard input, one JSON answer a line on standard output."""

import json
import sys


def seconds_since_start():
    """Since the kernel started this process, interpreter included."""
    with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
        return float(uptime.read().split()[0]) - int(stat.read().rsplit(")", 1)[1].split()[19]) / 100


def peak_mib():
    """The largest resident memory so far."""
    with open("/proc/self/status") as status:
        return next(round(int(line.split()[1]) / 1024) for line in status if line.startswith("VmHWM"))


def serve(create):
    """`create(job)` answers an object whose methods are the commands; the job is the JSON file named on the command line."""
    with open(sys.argv[1]) as file:
        contender = create(json.load(file))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(getattr(contender, request["command"])(request)), flush=True)
