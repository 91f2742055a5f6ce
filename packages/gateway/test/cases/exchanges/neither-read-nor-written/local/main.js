require('header-metadata').response.set('X-Seen', 'yes');
