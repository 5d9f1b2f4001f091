using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Tests.Derivatives;

/// <summary>Options of every kind of estimator as an experiment file would give them, so that a new kind is tested without being named.</summary>
internal static class Estimators
{
    /// <summary>Each kind with its defaults, and with each other word of its options.</summary>
    public static TheoryData<string> Files()
    {
        var files = new TheoryData<string>();
        foreach (var kind in typeof(DerivativeOptions).GetCustomAttributes<JsonDerivedTypeAttribute>())
        {
            files.Add($$"""{"kind":"{{kind.TypeDiscriminator}}"}""");
            foreach (var option in kind.DerivedType.GetProperties())
            {
                foreach (var word in option.GetCustomAttribute<OptionChoiceAttribute>()?.Choices.Skip(1) ?? [])
                    files.Add($$"""{"kind":"{{kind.TypeDiscriminator}}","{{JsonNamingPolicy.CamelCase.ConvertName(option.Name)}}":"{{word}}"}""");
            }
        }
        return files;
    }

    public static DerivativeOptions Read(string file) =>
        (DerivativeOptions)JsonSerializer.Deserialize(file, LabJson.Default.GetTypeInfo(typeof(DerivativeOptions))!)!;
}
