import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { tuneScoring } from './tune.ts'

/**
 * A short measurement in a process of its own, at the lowest priority, which its workers inherit: real work comes first.
 * `--root FOLDER --package FOLDER --images N --budget MS`; prints the plan as one line of JSON.
 */
const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    package: { type: 'string' },
    images: { type: 'string' },
    budget: { type: 'string' },
  },
})
const asked = z
  .object({
    root: z.string(),
    package: z.string(),
    images: z.coerce.number().int().min(1),
    budget: z.coerce.number().int().min(1),
  })
  .parse(values)
setPriority(19)
// Whoever asked has gone, and with it the reason.
const leave = (): never => process.exit(1)
process.on('disconnect', leave)
const plan = await tuneScoring({
  programRoot: asked.root,
  packageFolder: asked.package,
  images: asked.images,
  cpuFallback: true,
  budgetMs: asked.budget,
})
process.stdout.write(`${JSON.stringify(plan)}\n`)
process.off('disconnect', leave)
if (process.connected) process.disconnect()
