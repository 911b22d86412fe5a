"""The operators' surface: an application of its own on a host of its own, which shares no route with a brokerage's."""
