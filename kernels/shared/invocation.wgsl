// kernels/shared/invocation.wgsl: where an invocation stands in its dispatch.
// Workgroups are numbered through, row by row: those beyond the first 65,535 lie in y. So an entry point that takes an
// Invocation may be dispatched in any number of rows, and its last row may have workgroups with nothing to do.
// Appended to files that declare `workgroup_size`, the invocations of a workgroup.

struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
}

fn workgroup_index(here: Invocation) -> u32 { return here.group.y * here.groups.x + here.group.x; }

fn invocation_index(here: Invocation) -> u32 { return workgroup_index(here) * workgroup_size + here.local; }
