import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import type { Session } from '../shared/sign-in.tsx'
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

/** The routes of the hub for a signed-in person. */
export function createHubRouter(session: Session) {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass hub" navigation={NAVIGATION} session={session} />,
  })
  const page = (path: string, component: () => React.JSX.Element) =>
    createRoute({ getParentRoute: () => root, path, component })
  const device = createRoute({
    getParentRoute: () => root,
    path: '/devices/$device',
    component: function Device() {
      return <DevicePage device={device.useParams().device} />
    },
  })
  const version = createRoute({
    getParentRoute: () => root,
    path: '/models/$name/$version',
    component: function Version() {
      return <VersionPage {...version.useParams()} />
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
      page('/drift', DriftPage),
      page('/audit', AuditPage),
    ]),
  })
}
