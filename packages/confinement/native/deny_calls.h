// Takes system calls from the calling process, by seccomp and resource limits: sockets, other processes, and opening files to
// write or changing them. Reading files is not its matter: see limit_reads.h.
#pragma once

// Takes them from all threads, those that run already too, and for good: they can't be had back, not by root either. Reading,
// computing and starting threads keep working. The process ends with its parent, dumps no core and can't grow a file. False where
// the kernel has no such filter: then the limits may be taken, and calls aren't.
bool DenyCalls();
