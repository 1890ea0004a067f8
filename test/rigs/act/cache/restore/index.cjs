require('../cache.cjs').restore();
