import { expect, test } from 'vitest'
import { pathOfEdit, pathOfNew, pathOfSession, routeOf } from './route.ts'

function at(path: string) {
  const url = new URL(path, 'http://page')
  return routeOf(url.pathname, url.search)
}

test('[W-33] every address names one page, and a strange one the list', () => {
  expect(at('/')).toEqual({ page: 'list' })
  expect(at('/settings')).toEqual({ page: 'settings' })
  expect(at(pathOfSession('s1'))).toEqual({ page: 'session', id: 's1', tab: 'chat' })
  expect(at(pathOfSession('s1', 'log'))).toEqual({ page: 'session', id: 's1', tab: 'log' })
  expect(at('/s/s1/nothing')).toEqual({ page: 'session', id: 's1', tab: 'chat' })
  expect(at('/s/..%2f')).toEqual({ page: 'list' })
  expect(at('/nowhere')).toEqual({ page: 'list' })
})

test('[W-33] the dialog of a new session has an address over the page that is shown', () => {
  expect(at(pathOfNew(undefined))).toEqual({ page: 'list', dialog: {} })
  expect(at(pathOfNew('s1'))).toEqual({ page: 'session', id: 's1', tab: 'chat', dialog: {} })
  expect(at(pathOfEdit('s1'))).toEqual({
    page: 'session',
    id: 's1',
    tab: 'chat',
    dialog: { edit: 's1' },
  })
  expect(at('/new?edit=%20')).toEqual({ page: 'list', dialog: {} })
})
