const { open } = require('urlopen');
let left = 2000;
const again = () => open('local:///slow.js/', () => { if (left-- > 0) again(); });
again();
