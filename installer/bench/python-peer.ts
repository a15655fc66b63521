import { spawnSync } from 'node:child_process'

/** How long a Python may take to import its modules. */
const IMPORT_TIMEOUT_MS = 60_000

/**
 * Finds a Python that has the modules: the one that LEADGLASS_PEER_PYTHON names, else `python3` of the path. Continuous
 * integration installs no Python modules, so their absence is a skip by name even where other peers are required.
 * @returns the program, or `undefined`.
 */
export function pythonWith(modules: readonly string[]): string | undefined {
  const program = process.env.LEADGLASS_PEER_PYTHON ?? 'python3'
  const tried = spawnSync(program, ['-c', `import ${modules.join(', ')}`], {
    stdio: 'ignore',
    timeout: IMPORT_TIMEOUT_MS,
  })
  return tried.status === 0 ? program : undefined
}
