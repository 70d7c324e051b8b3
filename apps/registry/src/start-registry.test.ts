import { expect, it } from 'vitest';
import { isLoopbackOnly } from './start-registry.ts';

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8080'],
  ['::1', 'http://[::1]:8080'],
  ['localhost', 'http://registry.localhost:8080'],
  ['127.0.0.1', 'http://127.1:8080'], // which a URL reads as 127.0.0.1
])('a registry that listens at %s and calls itself %s takes demonstrations', (host, url) => {
  expect(isLoopbackOnly(host, url)).toBe(true);
});

it.each([
  ['0.0.0.0', 'http://127.0.0.1:8080'],
  ['::', 'http://[::1]:8080'],
  ['10.0.0.7', 'http://localhost:8080'],
  ['127.0.0.1', 'https://registry.example.org'], // behind a proxy
  ['127.0.0.1', 'https://localhost.example.org'],
  ['registry', 'http://127.0.0.1:8080'],
])('a registry that listens at %s and calls itself %s takes none', (host, url) => {
  expect(isLoopbackOnly(host, url)).toBe(false);
});
