using MfRae.Lab.Core;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Writes the tensors of a file of any known format as safetensors or .npz.</summary>
/// <param name="Source">A path for <see cref="TensorFile.Open"/>.</param>
/// <param name="Target">Ends with .safetensors or .npz.</param>
/// <param name="Type">f64, f32, f16 or bf16 for floating-point numbers; null keeps their type.</param>
/// <param name="Renames">Old and new names of tensors, or old and new prefixes if the old one ends with a dot. Applied in order.</param>
public sealed record TensorConversion(string Source, string Target, string? Type, IReadOnlyList<(string Old, string New)> Renames)
{
    private const string Archive = ".npz";

    /// <summary>The names for <see cref="Type"/>. They do not load torch, because every command line reads them.</summary>
    public static IReadOnlyList<string> TypeNames => ["f64", "f32", "f16", "bf16"];

    /// <summary>Converts the file, one tensor at a time.</summary>
    /// <returns>The mistakes in the request. With mistakes, no file is written.</returns>
    /// <exception cref="LabException">The source cannot be read, or a value would become infinite in the smaller type.</exception>
    public IReadOnlyList<string> Run()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var file = TensorFile.Open(Source);
        var mistakes = file.Unread.Select(entry => $"'{entry.Key}' of {file.Path} {entry.Value}").ToList();
        var tensors = Converted(file, mistakes);
        var archive = Target.EndsWith(Archive, StringComparison.OrdinalIgnoreCase);
        if (!archive && !Target.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            mistakes.Add($"{Target} ends neither with .safetensors nor with .npz");
        if (archive && tensors.FirstOrDefault(entry => ElementType.Of(entry.Value.Type).Numpy.Length == 0).Name is { } unknown)
            mistakes.Add($"numpy has no bfloat16, the type of '{unknown}': use --dtype f32");
        if (mistakes.Count > 0)
            return mistakes;

        if (archive)
            Npz.Write(Target, tensors);
        else
            Safetensors.Write(Target, tensors, file.Metadata);
        return [];
    }

    private List<(string Name, StoredTensor Value)> Converted(TensorFile file, List<string> mistakes)
    {
        var names = file.Tensors.Keys.ToDictionary(name => name);
        foreach (var (old, replacement) in Renames)
        {
            var hit = false;
            foreach (var (name, now) in names.ToList())
            {
                if (now != old && !(old.EndsWith('.') && now.StartsWith(old, StringComparison.Ordinal)))
                    continue;
                names[name] = replacement + now[old.Length..];
                hit = true;
            }
            if (!hit)
                mistakes.Add($"no tensor of {file.Path} is called '{old}'{(old.EndsWith('.') ? "…" : "")}");
        }
        mistakes.AddRange(names.Values.GroupBy(name => name).Where(same => same.Count() > 1)
            .Select(same => $"{same.Count()} tensors would be called '{same.Key}'"));
        return [.. file.Tensors.Select(entry => (names[entry.Key], Cast(names[entry.Key], entry.Value)))];
    }

    private StoredTensor Cast(string name, StoredTensor tensor)
    {
        if (TypeOf(Type) is not { } type || type == tensor.Type || !TypeNames.Any(name => TypeOf(name) == tensor.Type))
            return tensor;
        return new(type, tensor.Shape, () =>
        {
            var value = tensor.Read();
            var cast = value.to(type);
            return Finite.IsFinite(cast) || !Finite.IsFinite(value)
                ? cast
                : throw new LabException($"'{name}' of {Source} has values beyond {Type}: choose a type with a larger range");
        });
    }

    private static ScalarType? TypeOf(string? name) => name switch
    {
        "f64" => ScalarType.Float64,
        "f32" => ScalarType.Float32,
        "f16" => ScalarType.Float16,
        "bf16" => ScalarType.BFloat16,
        _ => null,
    };
}
