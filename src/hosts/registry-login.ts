/** How a job that pushes says who it is: `slipway` reads these two, and each host has its own place for the values. */

export const LOGIN = { user: 'SLIPWAY_REGISTRY_USER', password: 'SLIPWAY_REGISTRY_PASSWORD' } as const;

/** Registries whose login a job of the same host has without that anybody sets it up. */
export const GITHUB_REGISTRY = 'ghcr.io';
export const GITLAB_REGISTRY = 'registry.gitlab.com';

/** The host of a repository, read as `docker` does: `acme/greeter` is on Docker Hub. */
export function registryOf(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first.toLowerCase() : 'docker.io';
}
