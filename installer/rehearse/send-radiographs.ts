import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import type { InstanceClient } from '../cli/client.ts'
import type { Progress } from '../cli/progress.ts'
import { InstallerError } from '../errors.ts'
import { LOOPBACK } from '../start/layout.ts'
import type { Radiograph } from './data-set.ts'
import { type Round, wrapForSending } from './wrap.ts'

/**
 * Sends radiographs by C-STORE, as a modality would.
 * @returns how many were acknowledged; all of them, or an error says why not.
 */
export async function sendRadiographs(
  { client, progress }: { readonly client: InstanceClient; readonly progress: Progress },
  radiographs: readonly Radiograph[],
  round: Round,
): Promise<number> {
  async function* instances(): AsyncGenerator<OutgoingInstance> {
    for (const radiograph of radiographs) {
      const bytes = await wrapForSending(radiograph, round)
      yield await splitPart10(async function* () {
        yield bytes
      })
    }
  }
  let accepted = 0
  const reasons = new Set<string>()
  const { ports, aeTitle } = client.instance
  await new AssociationRequester().sendInstances(
    { host: LOOPBACK, port: ports.dimse, calledAeTitle: aeTitle, callingAeTitle: 'REHEARSAL' },
    instances(),
    (_, result) => {
      if (result.kind === 'accepted') accepted += 1
      else reasons.add(result.kind === 'refused' ? `status ${result.status.toString(16)}H` : result.error.message)
      progress.count(accepted, radiographs.length)
    },
  )
  if (accepted === radiographs.length) return accepted
  throw new InstallerError('count-disagrees', {
    message: `${radiographs.length - accepted} of ${radiographs.length} radiographs were not accepted: ${[...reasons].join('; ')}`,
    effect: 'the rehearsal cannot go on',
    nextStep: 'read the log of the appliance in the data folder',
  })
}
