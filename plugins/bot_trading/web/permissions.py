"""Keys of the module's permissions."""

VIEW = "bot_trading.bots.view"
MANAGE = "bot_trading.bots.manage"
LAUNCH = "bot_trading.bots.launch"
