import { join } from 'node:path'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { DRILLS, type Drill } from './drills.ts'
import { DrillStage, type DrillStep } from './stage.ts'

export { DRILLS, type Drill } from './drills.ts'
export type { DrillStep } from './stage.ts'

/**
 * Runs one drill in an empty folder, on keys and files of its own.
 * @returns what was done and seen, step by step.
 */
export async function runDrill(drill: Drill, folder: string, nowMs: number): Promise<readonly DrillStep[]> {
  const stage = await DrillStage.open(join(folder, drill.name), new ManualClock(nowMs))
  await drill.run(stage)
  return stage.steps
}

/** The drill with that name. */
export function drillNamed(name: string): Drill | undefined {
  return DRILLS.find((drill) => drill.name === name)
}
