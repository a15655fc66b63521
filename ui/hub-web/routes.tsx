import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { z } from 'zod'
import { NotFoundPage } from '../shared/not-found.tsx'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import { auditSearch } from './audit-event.ts'
import { driftSearch } from './drift-words.ts'
import { ApprovalsPage } from './pages/approvals.tsx'
import { AuditPage } from './pages/audit.tsx'
import { DevicePage } from './pages/device.tsx'
import { DriftPage } from './pages/drift.tsx'
import { FleetPage } from './pages/fleet.tsx'
import { RegistryPage } from './pages/registry.tsx'
import { TrainingPage } from './pages/training.tsx'
import { VersionPage } from './pages/version.tsx'

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Fleet' },
  { to: '/models', title: 'Registry' },
  { to: '/approvals', title: 'Approvals' },
  { to: '/training', title: 'Training' },
  { to: '/drift', title: 'Drift' },
  { to: '/audit', title: 'Audit' },
]

const deviceParams = z.object({ device: z.string() })
const versionParams = z.object({ name: z.string(), version: z.string() })

/** The routes of the hub's pages. Made once: a router made again would forget what is on the screen. */
export function createHubRouter() {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass hub" navigation={NAVIGATION} />,
    notFoundComponent: NotFoundPage,
  })
  const page = (path: string, component: () => React.JSX.Element) =>
    createRoute({ getParentRoute: () => root, path, component })
  const device = createRoute({ getParentRoute: () => root, path: '/devices/$device' })
  device.update({ component: () => <DevicePage {...deviceParams.parse(device.useParams())} /> })
  const version = createRoute({ getParentRoute: () => root, path: '/models/$name/$version' })
  version.update({ component: () => <VersionPage {...versionParams.parse(version.useParams())} /> })
  const drift = createRoute({ getParentRoute: () => root, path: '/drift', validateSearch: driftSearch })
  drift.update({ component: () => <DriftPage view={driftSearch.parse(drift.useSearch())} /> })
  const audit = createRoute({ getParentRoute: () => root, path: '/audit', validateSearch: auditSearch })
  audit.update({
    component: () => {
      const navigate = audit.useNavigate()
      return (
        <AuditPage
          query={auditSearch.parse(audit.useSearch())}
          onQuery={(query) => void navigate({ search: query, replace: true })}
        />
      )
    },
  })
  return createRouter({
    routeTree: root.addChildren([
      page('/', FleetPage),
      device,
      page('/models', RegistryPage),
      version,
      page('/approvals', ApprovalsPage),
      page('/training', TrainingPage),
      drift,
      audit,
    ]),
  })
}
