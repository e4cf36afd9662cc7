// Which of the system's graphics interfaces WebGPU is to use.

/**
 * On Linux only Vulkan counts: without it WebGPU would make do with OpenGL, which is a hundred times slower
 * on a software adapter and need not have as many storage buffers as the kernels bind.
 */
export function preferVulkan(): void {
  if (Deno.build.os === "linux" && !Deno.env.has("DENO_WEBGPU_BACKEND")) {
    Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
  }
}
