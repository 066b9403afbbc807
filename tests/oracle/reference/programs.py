def handlers(definitions):
    return {}
