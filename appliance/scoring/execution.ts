import { z } from 'zod'

/** What can run graphs here: the processor, or a graphics card through the libraries that the runtime loads for it. */
export const EXECUTION_PROVIDERS = ['cpu', 'cuda', 'tensorrt'] as const
export const executionProvider = z.enum(EXECUTION_PROVIDERS)
export type ExecutionProvider = z.infer<typeof executionProvider>

/** How workers run graphs. */
export const execution = z.strictObject({
  provider: executionProvider,
  /** Whether the processor takes over when the provider cannot be had; else the model does not run at all. */
  cpuFallback: z.boolean(),
  /** Threads of one session; workers are the parallelism, so 1 unless measured otherwise. */
  threads: z.number().int().min(1).max(64),
  /** Images in one call of the runtime, of models whose input takes several; 1 unless measured otherwise. */
  batch: z.number().int().min(1).max(64).optional(),
})
export type Execution = z.infer<typeof execution>

/** Without a measured plan. */
export const DEFAULT_EXECUTION: Execution = { provider: 'cpu', cpuFallback: true, threads: 1 }
