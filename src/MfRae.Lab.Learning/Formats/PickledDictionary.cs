namespace MfRae.Lab.Learning.Formats;

/// <summary>A dictionary of a pickle, in its order.</summary>
internal sealed class PickledDictionary
{
    private List<KeyValuePair<object?, object?>>? _entries;

    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries ?? [];

    public void Add(object? key, object? value) => (_entries ??= []).Add(new(key, value));

    /// <summary>The value of a text key, or null.</summary>
    public object? Find(string key) => Entries.FirstOrDefault(entry => entry.Key is string text && text == key).Value;
}
