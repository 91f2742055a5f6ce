const sm = require('service-metadata');
const { promisify } = require('util');
const seen = [];
const refused = (action) => { try { action(); return 'none'; } catch (error) { return `${error.name}: ${error.message}`; } };
switch (sm.URI) {
  case '/order': {
    setTimeout((value) => seen.push(`later ${value}`), 30, 'x');
    setImmediate((value) => seen.push(`soon ${value}`), 'y');
    const never = setTimeout(() => seen.push('never'), 10);
    clearTimeout(never);
    clearTimeout(never);
    clearInterval(undefined);
    clearImmediate(12345);
    let ticks = 0;
    const every = setInterval(() => {
      if (++ticks < 3) return;
      clearInterval(every);
      promisify(setTimeout)(100, 'value').then((value) => session.output.write({ seen, ticks, value }));
    }, 5);
    break;
  }
  case '/outside': setTimeout(() => session.output.write('from a timer'), 1); break;
  case '/nested': setTimeout(() => setTimeout(() => session.output.write('from the second'), 1), 1); break;
  case '/throws': setTimeout(() => { throw new Error('in a timer'); }, 1); break;
  case '/race': {
    const late = new Promise((_, reject) => setTimeout(reject, 20, new Error('too late')));
    Promise.race([late, new Promise(() => {})]).catch((error) => session.output.write(error.message));
    break;
  }
  case '/left': setTimeout(() => session.reject('a timer of a run that has failed'), 50); throw new Error('at once');
  case '/wrong': {
    const many = () => { for (;;) setTimeout(() => {}, 1); };
    session.output.write({ call: refused(() => setTimeout('text', 1)), odd: typeof setTimeout(() => {}, 'x'), many: refused(many) });
  }
}
