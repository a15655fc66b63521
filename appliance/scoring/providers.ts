import { EXECUTION_PROVIDERS, type ExecutionProvider } from './execution.ts'

/** Whether the runtime can run a graph with a provider here; else the runtime's own words. */
export interface ProviderProbe {
  readonly provider: ExecutionProvider
  readonly available: boolean
  readonly detail: string
}

/** A graph of one node (Relu on one float), IR 8, operator set 17. */
const ONE_NODE = 'CAg6MwoMCgF4EgF5IgRSZWx1EgFnWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ=='

/**
 * Makes a session of one node with each provider, which loads the provider's libraries or says why it cannot. The
 * processor is not allowed to take over, so `available` means what it says.
 */
export async function probeProviders(): Promise<readonly ProviderProbe[]> {
  // Loaded here only: the appliance itself never holds the runtime, its workers do.
  const { env, InferenceSession } = await import('onnxruntime-node')
  // A library that is not there is an answer here, not an error to shout.
  env.logLevel = 'fatal'
  const probes: ProviderProbe[] = []
  for (const provider of EXECUTION_PROVIDERS) {
    try {
      const session = await InferenceSession.create(Buffer.from(ONE_NODE, 'base64'), {
        executionProviders: [provider],
        logSeverityLevel: 4,
      })
      await session.release()
      probes.push({ provider, available: true, detail: 'loads' })
    } catch (cause) {
      const detail = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : 'unknown'
      probes.push({ provider, available: false, detail: detail.slice(0, 300) })
    }
  }
  return probes
}
