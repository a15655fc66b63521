import { AssociationRequester, type InstanceResult, splitPart10 } from '../dimse/index.ts'

/**
 * Sends PS3.10 objects in memory to an appliance on this machine over C-STORE.
 * @param onResult told for each object, by its position, its SOP Instance UID and what became of it.
 */
export async function sendObjects(
  port: number,
  objects: readonly Uint8Array[],
  onResult: (at: number, sopInstanceUid: string, result: InstanceResult) => void,
): Promise<void> {
  const instances = await Promise.all(
    objects.map((bytes) =>
      splitPart10(async function* () {
        yield bytes
      }),
    ),
  )
  const destination = { host: '127.0.0.1', port, calledAeTitle: 'LEADGLASS', callingAeTitle: 'MODALITY' }
  let at = 0
  await new AssociationRequester().sendInstances(destination, instances, (instance, result) => {
    onResult(at, instance.sopInstanceUid, result)
    at += 1
  })
}
