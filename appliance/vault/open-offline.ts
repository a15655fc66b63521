import { readFile } from 'node:fs/promises'
import { AuditLog, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import { systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { applianceConfiguration } from '../configuration.ts'
import { AuditTrail, EgressDoor } from '../egress/index.ts'
import { applianceFolders } from '../folders.ts'
import { openRecords, type VaultOpeningRow } from '../records/index.ts'
import { auditOrigin, ensureSecrets } from '../secrets.ts'
import { type VaultVerdict, verifyVault } from './anchors.ts'
import { type TwoPeople, VaultCeremony } from './ceremony.ts'
import { VaultError } from './errors.ts'
import { openGeneration, planRotation, type RotationPlan } from './generations.ts'
import { Vault } from './vault.ts'

/** How the vault stands. People are named by their pseudonyms, as in the audit log. */
export interface VaultStatus {
  readonly enrolled: boolean
  readonly people: readonly string[]
  readonly entries: number
  readonly erased: number
  readonly verdict: VaultVerdict
  readonly openings: readonly VaultOpeningRow[]
}

/** The vault of an appliance, for the command line on its machine. There is no way to it over the network. */
export interface LocalVault {
  readonly ceremony: VaultCeremony
  status(openings: number): VaultStatus
  /** What a rotation of the pseudonym keys would do. */
  plan(): RotationPlan
  /**
   * Opens the next generation of pseudonym keys, in force with the next start.
   * @param account of the first person, a site administrator.
   * @returns the generation. @throws {VaultError}
   */
  rotate(account: string, two: TwoPeople, reason: string): Promise<number>
  /** Enters the pseudonyms from before the enrolment. @returns how many studies. */
  catchUp(): number
  /** The pseudonym of an account. @throws {VaultError} `account-unknown`. */
  personOf(account: string): string
  close(): void
}

/**
 * Opens the vault in the appliance's own database, beside a running appliance or without one: whoever may read the keys in
 * the data folder may try, and needs two people's passphrases.
 * @param configFile the appliance's configuration file.
 */
export async function openLocalVault(configFile: string): Promise<LocalVault> {
  const { device, dataFolder, keysFolder } = applianceConfiguration.parse(
    JSON.parse(await readFile(configFile, 'utf8')),
  )
  const folders = applianceFolders(dataFolder, keysFolder)
  const secrets = await ensureSecrets(folders, device, systemRandomness)
  const records = openRecords(folders.records, secrets.databaseKey)
  const [clock, randomness, origin] = [systemClock, systemRandomness, auditOrigin(device)]
  const log = new AuditLog({ origin, store: new SqliteLogStore(records.database, origin), clock })
  const audit = new AuditTrail(log, new EgressDoor({ records, device, clock }), records)
  const ceremony = new VaultCeremony({ records, audit, clock, randomness })
  return {
    ceremony,
    plan: () => planRotation(records),
    rotate: async (account, two, reason) => {
      if (records.people.account(account)?.role !== 'site-admin') throw new VaultError('not-site-admin')
      await ceremony.confirm(two)
      const by = { first: two.first.person, second: two.second.person, reason }
      return openGeneration({ records, siteSecret: folders.siteSecret, audit, clock, randomness }, by)
    },
    catchUp: () => new Vault({ records, clock, randomness }).catchUp(),
    status: (openings) => ({
      enrolled: records.vault.publicKey() !== undefined,
      people: records.vault.persons().map((one) => one.personId),
      ...records.vault.counts(),
      verdict: verifyVault(records, log),
      openings: records.vault.openings(openings),
    }),
    personOf: (account) => {
      const found = records.people.account(account)
      if (found === undefined) throw new VaultError('account-unknown')
      return found.personId
    },
    close: () => records.close(),
  }
}
