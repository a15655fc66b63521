import { openHubDatabase } from '../../../cloud-hub/storage/index.ts'
import type { Part } from './part.ts'
import { runScenario, type Scenario } from './scenario.ts'
import { pause } from './site.ts'

const ENVELOPES = 300

/** The hub acknowledges, and its table does not hold the effect: what an answer before the commit comes to. */
const LOSE_SOME = `CREATE TRIGGER harness_loses AFTER INSERT ON not_scored WHEN NEW.envelope % 2 = 0
  BEGIN DELETE FROM not_scored WHERE envelope = NEW.envelope; END`

/** The hub takes an effect a second time: what a missing look at the inbox comes to. */
const DOUBLE_SOME = `CREATE TRIGGER harness_doubles AFTER INSERT ON not_scored WHEN NEW.envelope % 2 = 0 AND NEW.envelope > 0
  BEGIN
    INSERT INTO envelope_inbox (id, device, epoch, stream, sequence, kind, digest, received_at)
      SELECT -id, device, epoch, stream, sequence + 1000000000, kind, digest, received_at
      FROM envelope_inbox WHERE id = NEW.envelope;
    INSERT INTO not_scored (envelope, study, patient, revision, instance, reason, generation)
      VALUES (-NEW.envelope, NEW.study, NEW.patient, NEW.revision, NEW.instance, NEW.reason, NEW.generation);
  END`

/** A hub that was broken on purpose must be caught: without this, "nothing lost" would prove nothing. */
export const control: Part = {
  name: 'control',
  summary: 'a hub broken on purpose that loses and doubles what it acknowledged: the checker must see it',
  rows: 2,
  async run(options) {
    const small = { ...options, envelopes: ENVELOPES }
    return [
      await runScenario(broken('a hub that acknowledges what it does not hold', LOSE_SOME, 'lost'), small),
      await runScenario(broken('a hub that takes effects twice', DOUBLE_SOME, 'doubled'), small),
    ]
  },
}

/** Only the database of this run is broken; the product has no such switch. */
function broken(fault: string, sql: string, mustSee: 'lost' | 'doubled'): Scenario {
  return {
    fault,
    mustSee,
    convergeWithinMs: 20_000,
    site: {
      prepareHub(folder) {
        const database = openHubDatabase(folder)
        database.exec(sql)
        database.close()
      },
    },
    async inflict() {
      await pause(100)
      return 1
    },
  }
}
