using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Benchmarks;

/// <summary>A journal that keeps nothing.</summary>
internal sealed class Silence : IJournal
{
    public void Write(JournalEvent entry)
    {
    }

    public void Flush()
    {
    }
}
