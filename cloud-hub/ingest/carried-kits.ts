import { X509Certificate } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { NoteSigner } from '@leadglass/sync-agent/audit-log'
import { type Acknowledgement, type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import {
  AcknowledgedFile,
  type AcknowledgedState,
  decodeBatch,
  isKitListSigned,
  KIT_OUTBOX,
  KIT_SIGNATURE,
  type KitFolderRead,
  type KitList,
  kitSignature,
  MAX_BATCH_FILE_BYTES,
  mergeAcknowledgement,
  nothingAcknowledged,
  parseBatchFileName,
  readBoundedFile,
  readKitList,
  signKitAcknowledgement,
} from '@leadglass/sync-agent/exchange'
import { type Clock, CodedError, digestOf, isCodedError, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { ConnectionGate } from './connection-gate.ts'

type Listed = KitList['files'][number]

const MOST_SIGNATURE_BYTES = 16_384
/** What one note can say; the box hears the rest with the next kit. */
const MOST_WATERMARKS = 300
const MOST_REFUSED = 100
/** RFC 9562 5.9: an answer from a kit belongs to no one batch. */
const NO_BATCH = '00000000-0000-0000-0000-000000000000'

/** Why a carried kit was not taken. */
export type CarriedKitCode =
  | Extract<KitFolderRead, { kind: 'refused' }>['code']
  | 'kit-not-signed'
  | 'kit-foreign'
  | 'kit-certificate-refused'

/** A kit of which nothing was taken, or nothing further: what was committed before stays, and comes again as known. */
export class CarriedKitError extends CodedError<CarriedKitCode> {
  constructor(code: CarriedKitCode, message: string) {
    const nextStep = 'copy the kit again, or export a newer one at the box with "leadglass kit export"'
    super(code, 'permanent', { message, effect: 'nothing further of this kit was taken', nextStep })
  }
}

/** What taking a kit came to. */
export interface CarriedKit {
  readonly device: DeviceId
  readonly batches: number
  /** Files that are no batches, or that the inbox did not take. */
  readonly refused: number
  /** Places that the hub did not take, and why; the box hears of them. */
  readonly answers: readonly { readonly code: string; readonly count: number }[]
}

export interface CarriedKitParts {
  /** Where the hub keeps what it has answered to each device by kit. */
  readonly folder: string
  readonly authorityPem: () => Promise<string>
  readonly gate: Pick<ConnectionGate, 'admitCertificate'>
  readonly isAdmitted: (device: string) => boolean
  readonly intake: {
    submitBatch(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement>
    submitUpload(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement>
  }
  /** With the key of the hub's log, which boxes have pinned. */
  readonly signer: NoteSigner
  readonly clock: Clock
}

/**
 * Takes what devices without a link sent by hand: the same proof of who it is (a certificate of this hub's authority that is
 * in force), and the same inbox, so that a batch has one effect however often and on whatever way it comes.
 */
export class CarriedKits {
  readonly #parts: CarriedKitParts

  constructor(parts: CarriedKitParts) {
    this.#parts = parts
  }

  /** @throws {CarriedKitError} */
  async take(folder: string): Promise<CarriedKit> {
    const read = await readKitList(folder, 'to-hub')
    if (read.kind === 'refused') throw new CarriedKitError(read.code, read.message)
    const device = await this.#deviceOf(folder, read.list, read.listBytes)
    const batches = await this.#whole(folder, read.list)
    const counts = new Map<string, number>()
    let refused = 0
    let state = await this.#state(device)
    for (const batch of batches) {
      // Read again: a medium may fail, or be changed, between two looks, and all batches together may fill the memory.
      const bytes = await readListed(folder, batch)
      const decoded = decodeBatch(bytes)
      const upload = decoded.kind === 'batch' && decoded.upload === true
      try {
        const { intake } = this.#parts
        const answer = await (upload ? intake.submitUpload(device, bytes) : intake.submitBatch(device, bytes))
        for (const { code } of answer.refused) counts.set(code, (counts.get(code) ?? 0) + 1)
        state = mergeAcknowledgement(state, answer, toIsoInstant(this.#parts.clock.now()))
      } catch (error) {
        if (!isCodedError(error)) throw error
        refused += 1
      }
    }
    // After the commits: killed before this, the same kit carried again gives the same answers.
    if (batches.length > 0) await this.#file(device).then((file) => file.write(state))
    const answers = [...counts].map(([code, count]) => ({ code, count }))
    return { device, batches: batches.length, refused, answers }
  }

  /** What travels back with the next kit: a signed note for the device; undefined before it ever sent anything by kit. */
  async acknowledgement(device: DeviceId): Promise<string | undefined> {
    const read = await (await this.#file(device)).read()
    if (read.kind !== 'value') return undefined
    const { watermarks, refused, cosigned, epochs } = read.value
    const answer: Acknowledgement = {
      schema: 'leadglass.acknowledgement/1',
      device,
      batch: NO_BATCH,
      watermarks: watermarks.slice(-MOST_WATERMARKS),
      refused: refused.slice(0, MOST_REFUSED),
      cosigned,
      ...(epochs === undefined ? {} : { epochs }),
    }
    return signKitAcknowledgement(answer, this.#parts.signer)
  }

  async #deviceOf(folder: string, list: KitList, listBytes: Uint8Array): Promise<DeviceId> {
    const { authorityPem, isAdmitted, gate, clock } = this.#parts
    const text = await readBoundedFile(join(folder, KIT_SIGNATURE), MOST_SIGNATURE_BYTES)
    const signed = text.kind === 'bytes' ? kitSignature.safeParse(parseJson(text.bytes)) : undefined
    const certificate = signed?.success === true ? parseCertificate(signed.data.certificate) : undefined
    if (
      signed?.success !== true ||
      certificate === undefined ||
      !isKitListSigned(listBytes, signed.data, certificate)
    ) {
      throw new CarriedKitError('kit-not-signed', 'The list of this kit is not signed by a box, or was changed since.')
    }
    const authority = new X509Certificate(await authorityPem())
    const device = deviceId.safeParse(/^CN=([^\n]+)$/.exec(certificate.subject)?.[1])
    // RFC 5280 6.1: signature of the authority, dates, name; then whether the hub has taken it out of force.
    const isOurs = certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
    if (!isOurs || !device.success || device.data !== list.device) {
      throw new CarriedKitError('kit-foreign', 'This kit is of a box that is not of this hub.')
    }
    const now = clock.now()
    const isDated = now >= certificate.validFromDate.getTime() && now <= certificate.validToDate.getTime()
    const shown = { commonName: device.data, serial: certificate.serialNumber }
    if (!isDated || !isAdmitted(device.data) || gate.admitCertificate(shown).outcome === 'refused') {
      const why = isDated ? 'was revoked, is held, or has been replaced' : 'has expired; give the box a new one'
      throw new CarriedKitError('kit-certificate-refused', `The certificate of ${device.data} ${why}.`)
    }
    return device.data
  }

  /** Every batch of the list, compared with it before the first is taken. @returns their paths, in the order of the list. */
  async #whole(folder: string, { files }: KitList): Promise<readonly Listed[]> {
    const batches = files.filter(({ path }) => {
      const [top, name = '', ...rest] = path.split('/')
      return top === KIT_OUTBOX && rest.length === 0 && parseBatchFileName(name) !== undefined
    })
    for (const batch of batches) await readListed(folder, batch)
    return batches
  }

  async #state(device: DeviceId): Promise<AcknowledgedState> {
    const read = await (await this.#file(device)).read()
    return read.kind === 'value' ? read.value : nothingAcknowledged(toIsoInstant(this.#parts.clock.now()))
  }

  async #file(device: DeviceId): Promise<AcknowledgedFile> {
    await mkdir(this.#parts.folder, { recursive: true, mode: 0o700 })
    return new AcknowledgedFile(join(this.#parts.folder, `${device}.json`))
  }
}

async function readListed(folder: string, { path, sha256 }: Listed): Promise<Uint8Array> {
  const read = await readBoundedFile(join(folder, path), MAX_BATCH_FILE_BYTES)
  if (read.kind === 'absent') {
    throw new CarriedKitError('kit-incomplete', `The file ${path} of the kit is missing. Copy the whole kit again.`)
  }
  if (read.kind === 'refused' || digestOf(read.bytes) !== sha256) {
    throw new CarriedKitError('kit-damaged', `The file ${path} of the kit is torn or was changed. Copy it again.`)
  }
  return read.bytes
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
