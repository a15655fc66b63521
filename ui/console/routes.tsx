import { type AsyncRouteComponent, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { z } from 'zod'
import { lazyPage, openedWith } from '../shared/lazy-page.tsx'
import { NotFoundPage } from '../shared/not-found.tsx'
import { PageFailure } from '../shared/page-failure.tsx'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import { WorklistPage } from './pages/worklist.tsx'
import { viewSearch } from './worklist-query.ts'

// The worklist is the shell; another page's program comes when somebody opens it. Each page begins with `no-eval`, which
// thereby stands before every schema in what the pages share.
const DevicePage = lazyPage(() => import('./pages/device.tsx'), 'DevicePage')
const EgressPage = lazyPage(() => import('./pages/egress.tsx'), 'EgressPage')
const HubPage = lazyPage(() => import('./pages/hub.tsx'), 'HubPage')
const QuarantinePage = lazyPage(() => import('./pages/quarantine.tsx'), 'QuarantinePage')
const ReviewPage = lazyPage(() => import('./pages/review.tsx'), 'ReviewPage')
const ReviewsPage = lazyPage(() => import('./pages/review.tsx'), 'ReviewsPage')
const StudyPage = lazyPage(() => import('./pages/study.tsx'), 'StudyPage')

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Worklist' },
  { to: '/quarantine', title: 'Quarantine' },
  { to: '/pixels', title: 'Pixels' },
  { to: '/egress', title: 'What left the site' },
  { to: '/device', title: 'Device' },
  { to: '/hub', title: 'Hub' },
]

const egressSearch = z.object({
  study: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .catch(undefined),
})

const studySearch = viewSearch.pick({ scores: true })
const studyParams = z.object({ study: z.string() })
const reviewSearch = z.object({ state: z.enum(['held', 'released', 'refused']).optional().catch(undefined) })
const reviewParams = z.object({ review: z.string() })

/** The routes of the console. Made once: a router made again would forget what is on the screen. */
export function createConsoleRouter() {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass" navigation={NAVIGATION} />,
    notFoundComponent: NotFoundPage,
  })
  const page = (path: string, component: AsyncRouteComponent<object>) =>
    createRoute({ getParentRoute: () => root, path, component })
  const worklist = createRoute({ getParentRoute: () => root, path: '/', validateSearch: viewSearch })
  worklist.update({ component: () => <WorklistPage view={viewSearch.parse(worklist.useSearch())} /> })
  const study = createRoute({
    getParentRoute: () => root,
    path: '/studies/$study',
    validateSearch: studySearch,
  })
  study.update({
    component: openedWith(StudyPage, () => {
      const { study: name } = studyParams.parse(study.useParams())
      const { scores } = studySearch.parse(study.useSearch())
      return <StudyPage key={name} study={name} hidden={scores === 'hidden'} />
    }),
  })
  const egress = createRoute({ getParentRoute: () => root, path: '/egress', validateSearch: egressSearch })
  egress.update({
    component: openedWith(EgressPage, () => <EgressPage study={egressSearch.parse(egress.useSearch()).study} />),
  })
  const reviews = createRoute({ getParentRoute: () => root, path: '/pixels', validateSearch: reviewSearch })
  reviews.update({
    component: openedWith(ReviewsPage, () => (
      <ReviewsPage state={reviewSearch.parse(reviews.useSearch()).state ?? 'held'} />
    )),
  })
  const review = createRoute({ getParentRoute: () => root, path: '/pixels/$review' })
  review.update({
    component: openedWith(ReviewPage, () => {
      const { review: number } = reviewParams.parse(review.useParams())
      return <ReviewPage key={number} review={number} />
    }),
  })
  return createRouter({
    defaultErrorComponent: PageFailure,
    routeTree: root.addChildren([
      worklist,
      study,
      page('/quarantine', QuarantinePage),
      reviews,
      review,
      egress,
      page('/device', DevicePage),
      page('/hub', HubPage),
    ]),
  })
}
