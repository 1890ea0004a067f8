require('../cache.cjs').save();
