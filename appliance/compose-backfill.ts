import type { BackfillDeskDependencies } from './backfill/desk.ts'
import { BackfillDesk, BackfillRunner } from './backfill/index.ts'
import type { BackfillRunnerDependencies } from './backfill/runner.ts'

/** Backfills over past studies: where people ask for them, and what works on them. */
export interface BackfillRoom {
  readonly desk: BackfillDesk
  readonly runner: BackfillRunner
}

/** Puts backfills together: a change at the desk wakes the runner. */
export function composeBackfill(
  parts: BackfillRunnerDependencies & Pick<BackfillDeskDependencies, 'siteZone'>,
): BackfillRoom {
  const runner = new BackfillRunner(parts)
  const desk = new BackfillDesk({ ...parts, onChanged: () => runner.wake() })
  return { desk, runner }
}
