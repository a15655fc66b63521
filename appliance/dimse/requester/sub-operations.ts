import { readRequest } from '../acceptor/requests.ts'
import { openSink, StoreReceiver } from '../acceptor/store-receiver.ts'
import { hasDataSet, response, STATUS } from '../message/commands.ts'
import { droppingReceiver } from '../message/data-set-receiver.ts'
import type { AssociationFacts, StorageService, StoreOutcome } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import type { RequestedAssociation } from './association.ts'

export interface SubOperationParts {
  readonly storage: StorageService
  /** The peer stands as the calling side: it is the source of the instances. */
  readonly source: AssociationFacts
  readonly maxInstanceBytes: number
  /** More instances than this are refused with A700H: a peer must not fill the disk because of one retrieval. */
  readonly maxInstances: number
  readonly report: (error: unknown) => void
}

/**
 * Takes the C-STORE sub-operations of a C-GET on our own association (PS3.4 C.4.3.3) and streams them into `storage`.
 * @returns what came, kept up to date.
 */
export function serveSubOperations(
  association: RequestedAssociation,
  parts: SubOperationParts,
): { stored: number; refused: number } {
  const { storage, source, maxInstanceBytes, maxInstances, report } = parts
  const counts = { stored: 0, refused: 0 }
  association.serve(async (command, context) => {
    const request = readRequest(command, context, source)
    if (request.kind === 'cancel') return droppingReceiver()
    const { answered } = request
    const answer = async (outcome: StoreOutcome) => {
      counts[outcome.kind] += 1
      const [status, comment] = outcome.kind === 'stored' ? [STATUS.success, ''] : [outcome.status, outcome.comment]
      await association.respond(context, response(answered, status, comment))
    }
    if (request.kind === 'echo') throw new MalformedMessageError('C-ECHO on an association that was opened here')
    if (request.kind === 'refused') return droppingReceiver(() => answer(request.refusal))
    if (!hasDataSet(command)) return droppingReceiver(() => answer(refused(STATUS.dataSetDoesNotMatchSopClass)))
    if (counts.stored + counts.refused >= maxInstances)
      return droppingReceiver(() => answer(refused(STATUS.outOfResources)))
    const store = new StoreReceiver(await openSink(storage, request.facts, report), maxInstanceBytes, report)
    return {
      get keepsFragments() {
        return store.keepsFragments
      },
      write: (fragment) => store.write(fragment),
      discard: () => store.discard(),
      finish: async () => answer(await store.finish()),
    }
  })
  return counts
}

function refused(status: number): StoreOutcome {
  const comment = status === STATUS.outOfResources ? 'more instances than were asked for' : 'no data set follows'
  return { kind: 'refused', status, comment }
}
