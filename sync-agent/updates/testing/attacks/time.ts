import { ISSUED_AT } from '../../trusted-metadata.ts'
import { FakeRepository, fakePackage, instant } from '../fake-repository.ts'
import { MemoryFetcher } from '../memory.ts'
import { DAY, NOW, type Site } from '../site.ts'
import { type Attack, onRepository } from './attack.ts'

const on = onRepository.bind(undefined, 'time')
const PARTS = ['root', 'targets', 'approvedModels', 'snapshot', 'timestamp'] as const

/** Exchanges the repository for one with that validity in one role, provisioned so. */
function expiring(site: Site, part: (typeof PARTS)[number], expires: unknown): void {
  site.repository = new FakeRepository(NOW)
  site.repository.list(fakePackage({}))
  site.repository.parts[part].expires = expires
  site.repository.publish()
  site.provision()
}

/** Publishes online metadata as the hub does at that time. */
function publishAt(site: Site, ms: number): void {
  site.repository.next('snapshot', 'timestamp')
  site.repository.parts.snapshot.expires = instant(ms + 30 * DAY)
  Object.assign(site.repository.parts.timestamp, { expires: instant(ms + 14 * DAY), [ISSUED_AT]: instant(ms) })
  site.repository.publish()
}

/** Metadata that stands still, never ends or ends unreadably, and clocks that are wrong. */
export const TIME_ATTACKS: readonly Attack[] = [
  ...PARTS.map((part) =>
    on(`indefinite freeze: ${part} past its validity`, 'freeze', (_repository, site) =>
      expiring(site, part, instant(NOW - 1000)),
    ),
  ),
  ...['garbage', 'release 2040', '2040', '9999-99-99T00:00:00Z', '2040-01-01T00:00:00+00:00', 7, null].flatMap(
    (expires) =>
      PARTS.map((part) =>
        on(`indefinite freeze: ${part} valid until ${JSON.stringify(expires)}`, 'freeze', (_repository, site) =>
          expiring(site, part, expires),
        ),
      ),
  ),
  {
    family: 'time',
    name: 'indefinite freeze: a repository that stands still for 15 days',
    expected: 'freeze',
    async run(site) {
      await site.bothSee()
      site.clock.advance(15 * DAY)
      return site.bothSee()
    },
  },
  {
    family: 'time',
    name: 'clock set back 400 days to make ended metadata valid again',
    expected: 'freeze',
    async run(site) {
      site.clock.advance(50 * DAY)
      publishAt(site, NOW + 50 * DAY)
      await site.bothSee()
      site.clock.advance(-400 * DAY)
      publishAt(site, NOW)
      return site.bothSee()
    },
  },
  {
    family: 'time',
    name: 'clock 3 days ahead does not stop what was approved',
    expected: 'verified',
    async run(site) {
      site.clock.advance(3 * DAY)
      return site.bothSee()
    },
  },
  {
    family: 'time',
    name: 'clock jumps past every validity in the middle of an update',
    expected: 'verified',
    async run(site) {
      // TUF 5.1: one update has one time; a jump within it neither refuses nor accepts more.
      const fetcher = new MemoryFetcher(site.repository.files)
      const metadata = fetcher.metadata.bind(fetcher)
      fetcher.metadata = (name, maximum) => {
        if (name === '1.snapshot.json') site.clock.advance(4000 * DAY)
        return metadata(name, maximum)
      }
      return [await site.agentSees(fetcher)]
    },
  },
  {
    family: 'time',
    name: 'a hub whose clock was years ahead does not stop installs for years',
    expected: 'verified',
    async run(site) {
      publishAt(site, NOW + 2000 * DAY)
      await site.bothSee()
      publishAt(site, NOW)
      return site.bothSee()
    },
  },
]
