import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense } from 'react'
import { z } from 'zod'
import { NotFoundPage } from '../shared/not-found.tsx'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import { LoadingPanel } from '../shared/panels.tsx'
import { WorklistPage } from './pages/worklist.tsx'
import { viewSearch } from './worklist-query.ts'

// The worklist is the shell; the other pages come when somebody opens them. Each begins with `no-eval`, which thereby stands
// before every schema in what they share.
const DevicePage = lazy(async () => ({ default: (await import('./pages/device.tsx')).DevicePage }))
const EgressPage = lazy(async () => ({ default: (await import('./pages/egress.tsx')).EgressPage }))
const QuarantinePage = lazy(async () => ({ default: (await import('./pages/quarantine.tsx')).QuarantinePage }))
const ReviewPage = lazy(async () => ({ default: (await import('./pages/review.tsx')).ReviewPage }))
const StudyPage = lazy(async () => ({ default: (await import('./pages/study.tsx')).StudyPage }))
const ReviewsPage = lazy(async () => ({ default: (await import('./pages/review.tsx')).ReviewsPage }))

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Worklist' },
  { to: '/quarantine', title: 'Quarantine' },
  { to: '/pixels', title: 'Pixels' },
  { to: '/egress', title: 'What left the site' },
  { to: '/device', title: 'Device' },
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

/** What stands in a page's place while its program comes. */
function Arriving({ children }: { readonly children: ReactNode }) {
  return <Suspense fallback={<LoadingPanel what="the page" framed />}>{children}</Suspense>
}

/** The routes of the console. Made once: a router made again would forget what is on the screen. */
export function createConsoleRouter() {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass" navigation={NAVIGATION} />,
    notFoundComponent: NotFoundPage,
  })
  const page = (path: string, content: ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component: () => <Arriving>{content}</Arriving> })
  const worklist = createRoute({ getParentRoute: () => root, path: '/', validateSearch: viewSearch })
  worklist.update({ component: () => <WorklistPage view={viewSearch.parse(worklist.useSearch())} /> })
  const study = createRoute({
    getParentRoute: () => root,
    path: '/studies/$study',
    validateSearch: studySearch,
  })
  study.update({
    component: () => {
      const { study: name } = studyParams.parse(study.useParams())
      const { scores } = studySearch.parse(study.useSearch())
      return (
        <Arriving>
          <StudyPage key={name} study={name} hidden={scores === 'hidden'} />
        </Arriving>
      )
    },
  })
  const egress = createRoute({ getParentRoute: () => root, path: '/egress', validateSearch: egressSearch })
  egress.update({
    component: () => (
      <Arriving>
        <EgressPage study={egressSearch.parse(egress.useSearch()).study} />
      </Arriving>
    ),
  })
  const reviews = createRoute({ getParentRoute: () => root, path: '/pixels', validateSearch: reviewSearch })
  reviews.update({
    component: () => (
      <Arriving>
        <ReviewsPage state={reviewSearch.parse(reviews.useSearch()).state ?? 'held'} />
      </Arriving>
    ),
  })
  const review = createRoute({ getParentRoute: () => root, path: '/pixels/$review' })
  review.update({
    component: () => {
      const { review: number } = reviewParams.parse(review.useParams())
      return (
        <Arriving>
          <ReviewPage key={number} review={number} />
        </Arriving>
      )
    },
  })
  return createRouter({
    routeTree: root.addChildren([
      worklist,
      study,
      page('/quarantine', <QuarantinePage />),
      reviews,
      review,
      egress,
      page('/device', <DevicePage />),
    ]),
  })
}
