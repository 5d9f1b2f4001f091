namespace MfRae.Lab.Cli.Serving;

/// <summary>A viewer's place among those who watch a page.</summary>
internal sealed class Watch(ChangeFeed feed, string page) : IDisposable
{
    /// <summary>The stamp of what there is to see, and a task that ends when there is another.</summary>
    public (string Stamp, Task Next) Now => feed.Now(page);

    public void Dispose() => feed.Part(page);
}
