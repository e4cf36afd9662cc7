struct Params { models: u32, rows: u32, channels: u32, height: u32, width: u32, outputs: u32, oh: u32, ow: u32, kh: u32, kw: u32, stride: u32, padding: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> upstream: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
fn el(group: vec3u, groups: vec3u, local: u32) -> u32 { return (group.y * groups.x + group.x) * 64u + local; }
@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = el(group, groups, local);
  if (i >= params.models*params.rows*params.outputs*params.oh*params.ow) { return; }
  let ox = i % params.ow; let oy = (i / params.ow) % params.oh; let o = (i/params.ow/params.oh)%params.outputs; let sn = i/params.ow/params.oh/params.outputs; let s = sn/params.rows;
  var sum = 0.0;
  for (var c=0u;c<params.channels;c++) { for (var a=0u;a<params.kh;a++) { for (var b=0u;b<params.kw;b++) {
    let y = i32(oy*params.stride+a)-i32(params.padding); let xx = i32(ox*params.stride+b)-i32(params.padding);
    if (y>=0 && xx>=0 && y<i32(params.height) && xx<i32(params.width)) { sum += x[((sn*params.channels+c)*params.height+u32(y))*params.width+u32(xx)]*weight[(((s*params.outputs+o)*params.channels+c)*params.kh+a)*params.kw+b]; } } } }
  output[i]=sum;
}
@compute @workgroup_size(64)
fn dinput(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = el(group, groups, local);
  if (i >= params.models*params.rows*params.channels*params.height*params.width) { return; }
  let xx = i % params.width; let y = (i / params.width) % params.height; let c = (i/params.width/params.height)%params.channels; let sn = i/params.width/params.height/params.channels; let s = sn/params.rows;
  var sum = 0.0;
  for (var o=0u;o<params.outputs;o++) { for (var a=0u;a<params.kh;a++) { for (var b=0u;b<params.kw;b++) {
    let ty = i32(y+params.padding)-i32(a); let tx = i32(xx+params.padding)-i32(b);
    if (ty>=0 && tx>=0 && ty%i32(params.stride)==0 && tx%i32(params.stride)==0) { let oy=u32(ty)/params.stride; let ox=u32(tx)/params.stride; if (oy<params.oh && ox<params.ow) {
     sum += upstream[((sn*params.outputs+o)*params.oh+oy)*params.ow+ox]*weight[(((s*params.outputs+o)*params.channels+c)*params.kh+a)*params.kw+b]; } } } } }
  output[i]=sum;
}
@compute @workgroup_size(64)
fn dweight(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = el(group, groups, local);
  if (i >= params.models*params.outputs*params.channels*params.kh*params.kw) { return; }
  let b = i % params.kw; let a = (i/params.kw)%params.kh; let c=(i/params.kw/params.kh)%params.channels; let so=i/params.kw/params.kh/params.channels; let s=so/params.outputs; let o=so%params.outputs;
  var sum = 0.0;
  for (var n=0u;n<params.rows;n++) { for (var oy=0u;oy<params.oh;oy++) { for (var ox=0u;ox<params.ow;ox++) {
    let y = i32(oy*params.stride+a)-i32(params.padding); let xx = i32(ox*params.stride+b)-i32(params.padding);
    if (y>=0 && xx>=0 && y<i32(params.height) && xx<i32(params.width)) { sum += x[(((s*params.rows+n)*params.channels+c)*params.height+u32(y))*params.width+u32(xx)]*upstream[(((s*params.rows+n)*params.outputs+o)*params.oh+oy)*params.ow+ox]; } } } }
  output[i]=sum;
}
