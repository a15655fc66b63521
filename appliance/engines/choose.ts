import type { Settings } from '../settings.ts'
import { EngineError } from './errors.ts'
import { nativeEngine } from './native/engine.ts'
import { ownEngine } from './own-engine.ts'
import type { DimseEngine } from './ports.ts'
import { type EngineConfiguration, type EnginePromise, missingPromises, PROMISES } from './promises.ts'

/** What every appliance needs, whatever its settings. */
const ALWAYS: readonly EnginePromise[] = [
  'durable-success',
  'caller-policy',
  'commitment',
  'unchanged-object',
  'bounded-memory',
  'several-associations',
  'survives-bad-input',
]
const ANY_ADDRESS = new Set(['0.0.0.0', '::'])

/** The promises that a configuration needs of an engine, from where it listens and what the site's settings ask for. */
export function neededPromises(host: string, settings: Settings): Set<EnginePromise> {
  const needed = new Set<EnginePromise>(ALWAYS)
  if (!ANY_ADDRESS.has(host)) needed.add('bind-address')
  if (settings.destinations.length > 0) needed.add('result-of-each')
  if (settings.callers.some((caller) => caller.mayQuery === true)) needed.add('query')
  const peersWithTls = [...settings.destinations, ...settings.sources].some((peer) => peer.tls !== undefined)
  if (settings.tls !== undefined || peersWithTls) needed.add('tls')
  return needed
}

/**
 * The engine that the configuration asks for; the own one unless told.
 * @throws EngineError `promise-missing` with the name of each promise that is needed, not kept and not done without;
 * `not-built`.
 */
export function chooseEngine(
  configuration: EngineConfiguration | undefined,
  needed: Iterable<EnginePromise>,
  native: (folder: string | undefined) => DimseEngine = nativeEngine,
): DimseEngine {
  if (configuration === undefined || configuration.name === 'own') return ownEngine
  const engine = native(configuration.folder)
  const missing = missingPromises(engine.capabilities, needed, configuration.acceptMissing)
  if (missing.length === 0) return engine
  const named = missing.map((name) => `${name} (${PROMISES[name]})`).join('; ')
  throw new EngineError('promise-missing', `the native engine does not promise: ${named}`)
}
