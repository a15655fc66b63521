import { type AsyncRouteComponent, lazyRouteComponent } from '@tanstack/react-router'
import type { ComponentType } from 'react'

/**
 * A page whose program comes when it is opened. The router would load the whole document again when it does not come, which
 * without a service leaves nothing on the screen; under another name the failure is shown in the place of the page instead.
 */
export const lazyPage: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(
    () =>
      load().catch((cause: unknown) => {
        throw new Error('The program of the page did not come.', { cause })
      }),
    name,
  )

/**
 * The component of a route that reads its parameters before it shows a lazy page. The router fetches the page's program
 * before it leaves the page before, so nothing flashes and nothing moves; for that it must find `preload` on what it shows.
 */
export function openedWith<Props extends object>(
  page: AsyncRouteComponent<Props>,
  component: ComponentType,
): AsyncRouteComponent<object> {
  const opened: AsyncRouteComponent<object> = component as AsyncRouteComponent<object>
  opened.preload = async () => page.preload?.()
  return opened
}
