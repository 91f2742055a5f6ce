if (require('service-metadata').URI === '/loop') { for (;;) {} }
session.output.write('alive');
