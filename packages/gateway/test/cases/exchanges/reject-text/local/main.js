session.reject('no <entry> & no "exit"');
