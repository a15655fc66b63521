import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

/** Every static check of the repository, as `npm run check` runs them. The first failure ends the run with its status. */
const ROOT = resolve(import.meta.dirname, '..')
const tool = (path: string): string => join(ROOT, 'node_modules', path)
const WORKSPACES = ['appliance', 'sync-agent', 'cloud-hub', 'models', 'installer', 'ui']

const CHECKS: readonly { readonly name: string; readonly script: string; readonly args: readonly string[] }[] = [
  { name: 'biome (format, lint)', script: tool('@biomejs/biome/bin/biome'), args: ['ci', '--error-on-warnings', '.'] },
  { name: 'types', script: tool('typescript/bin/tsc'), args: ['--noEmit', '-p', '.'] },
  { name: 'types of the pages', script: tool('typescript/bin/tsc'), args: ['--noEmit', '-p', 'ui'] },
  { name: 'types of the desk', script: tool('typescript/bin/tsc'), args: ['--noEmit', '-p', 'ui/electron'] },
  { name: 'types of their tests', script: tool('typescript/bin/tsc'), args: ['--noEmit', '-p', 'ui/testing'] },
  { name: 'eslint (type-aware)', script: tool('eslint/bin/eslint.js'), args: ['--max-warnings', '0', '.'] },
  {
    name: 'dependency rules',
    script: tool('dependency-cruiser/bin/dependency-cruiser.mjs'),
    args: ['--config', '.dependency-cruiser.cjs', ...WORKSPACES],
  },
  { name: 'unused files, exports and packages', script: tool('knip/bin/knip.js'), args: [] },
]

for (const check of CHECKS) {
  const started = Date.now()
  process.stdout.write(`${check.name} ... `)
  const result = spawnSync(process.execPath, [check.script, ...check.args], { cwd: ROOT, encoding: 'utf8' })
  process.stdout.write(`${result.status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`)
  if (result.status !== 0) {
    process.stdout.write(`${result.stdout}${result.stderr}\n`)
    process.exit(result.status ?? 1)
  }
}
