session.output.write({ method: );
